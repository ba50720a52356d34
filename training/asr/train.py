"""Train the demo model: ``python -m training.asr.train build/asr --minutes 100``.

Runs until its time is spent, picks up new shards as they appear, keeps its state in
``OUT/state.pt`` (written whole, every few minutes), and goes on from there when started again.
Windows grow from single short utterances to packed 30 s ones as the clock advances.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from training.asr.network import SmallWhisper, restore
from training.asr.splice import Splicer
from training.asr.windows import Batch, Labels, collate, prepare, window

PHONES, SYLLABLES = 160, 1500
#: share of the time spent → lengths of window in s, of which one is drawn for each step
STAGES = ((0.0, (3.5,)), (0.3, (3.5, 6.0)), (0.6, (3.5, 6.0, 6.0, 9.0)),
          (0.8, (3.5, 6.0, 6.0, 9.0, 12.0)))
PEAK, WARM, FLOOR = 7e-4, 300, 3e-5


class Corpus:
    """Utterances of all shards written so far, prepared for windows."""

    def __init__(self, folder: Path, phones: Labels, syllables: Labels, limit: int) -> None:
        self.folder, self.labels, self.limit = folder, (phones, syllables), limit
        self.rows: list[dict] = []
        self.seen: set[str] = set()

    def refresh(self) -> bool:
        """Read one new shard; False where there is none. The oldest make room past the limit."""
        for path in sorted(self.folder.glob("*.pt"), reverse=True):  # the newest text first
            if path.name not in self.seen:
                self.seen.add(path.name)
                self.rows += [prepare(r, *self.labels) for r in torch.load(path)]
                self.rows = self.rows[-self.limit :]
                return True
        return False

    def batch(self, seconds: float, stamped: float, budget: float, rng: random.Random,
              strength: float) -> Batch:
        """Windows of ``seconds`` that hold about ``budget`` seconds together."""
        out: list[tuple] = []
        while len(out) < max(2, round(budget / seconds)):
            if seconds > 5 and rng.random() < 0.04:
                pieces: list[dict] = []
            elif rng.random() < 0.25 or seconds < 5:
                pieces = [rng.choice(self.rows)]
            else:
                pieces = rng.choices(self.rows, k=20)
            gap = (0.1, 0.8) if rng.random() < 0.7 else (0.5, 4.0)
            other = rng.choice(self.rows) if rng.random() < 0.12 else None
            made = window(pieces, seconds, rng.random() < stamped, rng, strength, gap, other)
            if made:
                out.append(made)
        return collate(out)


def losses(model: SmallWhisper, b: Batch, heads_only: bool) -> tuple[torch.Tensor, ...]:
    """Encoder output; decoder, phoneme, syllable and attention loss."""
    audio = model.encode(b.mel)
    text, guide = reading_losses(model, audio, b.tokens, b.targets, b.looks)
    heard = audio.detach() if heads_only else audio
    phones = F.cross_entropy(model.phones(heard).float().flatten(0, 1), b.phones.flatten())
    syllables = F.cross_entropy(model.syllables(heard).float().flatten(0, 1), b.syllables.flatten())
    return audio, text, phones, syllables, guide


def reading_losses(
    model: SmallWhisper, audio: torch.Tensor, tokens: torch.Tensor, targets: torch.Tensor,
    places: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """What the decoder should say, and where it should look while it does."""
    logits, looks = model.decode(model.index[tokens], audio)
    targets = torch.where(targets < 0, targets, model.index[targets.clamp(min=0)])
    text = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), label_smoothing=0.05)
    frame = torch.arange(audio.shape[1], device=audio.device)
    inside = (frame >= places[..., :1] - 2) & (frame <= places[..., 1:] + 2)
    known = places[..., 0] >= 0
    mass = torch.stack([(w * inside[:, None]).sum(-1).mean(1) for w in looks]).mean(0)
    guide = -(mass[known] + 1e-4).log().mean() if known.any() else text.new_zeros(())
    return text, guide


def place() -> tuple[torch.device, bool]:
    """Where to train, and whether bfloat16 is fast there: on a CPU without AVX-512-bf16 it is
    emulated, a hundred times slower than float32."""
    if torch.cuda.is_available():
        return torch.device("cuda"), True
    return torch.device("cpu"), torch.cpu._is_avx512_bf16_supported()


def rate(step: int, progress: float) -> float:
    """Learning rate: warm-up, plateau, then down to the floor along a cosine."""
    import math

    if step < WARM:
        return PEAK * (step + 1) / WARM
    fall = max(0.0, (progress - 0.35) / 0.65)
    return FLOOR + (PEAK - FLOOR) * 0.5 * (1 + math.cos(math.pi * min(1.0, fall)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--spliced", type=int, default=40, help="spliced sentences a step")
    parser.add_argument("--first-shards", type=int, default=4, help="read before the first step")
    parser.add_argument("--budget", type=float, default=60, help="seconds of audio a step")
    parser.add_argument("--start", type=float, default=0.0, help="share of the schedule to skip")
    parser.add_argument("--resume-from", type=Path, help="exported checkpoint to go on from")
    parser.add_argument("--restart-clock", action="store_true", help="keep weights, not the time")
    parser.add_argument("--limit", type=int, default=40000, help="utterances kept in memory")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    device, bf16 = place()
    state_path = args.out / "state.pt"
    saved = torch.load(state_path, map_location=device) if state_path.exists() else None
    phones = Labels(PHONES, saved and saved["phones"])
    syllables = Labels(SYLLABLES, saved and saved["syllables"])
    model = SmallWhisper(PHONES, SYLLABLES).to(device)
    if args.resume_from and not saved:
        restore(model, torch.load(args.resume_from, weights_only=True))
    params = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(params, lr=PEAK, betas=(0.9, 0.98), weight_decay=0.01,
                                  fused=True)
    step, spent, rng = 0, 0.0, random.Random(time.time_ns())
    average = {k: v.clone() for k, v in model.state_dict().items()}
    if saved:
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        average, step, spent = saved["average"], saved["step"], saved["spent"]
        if args.restart_clock:
            spent = 0.0
    corpus = Corpus(args.out / "shards", phones, syllables, args.limit)
    splicer = Splicer(syllables)
    while not corpus.refresh():
        time.sleep(2)
    started, last_save, report, since = time.time(), time.time(), [0.0] * 5, step
    while True:
        progress = (spent + time.time() - started) / (args.minutes * 60)
        progress = args.start + (1 - args.start) * progress
        if step % 20 == 0:
            while corpus.refresh() and len(corpus.seen) < args.first_shards:
                pass
        seconds = rng.choice(max(stage for stage in STAGES if stage[0] <= progress)[1])
        # Little disturbance until it has begun to read, then more and more.
        strength = 0.3 + 0.2 * progress
        stamped = 0.3 if seconds < 5 else 0.5
        batch = corpus.batch(seconds, stamped, max(args.budget, seconds), rng, strength).to(device)
        for group in optimiser.param_groups:
            group["lr"] = rate(step, progress)
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            audio, text, phone, syllable, guide = losses(
                model, batch, heads_only=bool(args.resume_from) and step < WARM)
            splicer.learn(audio, batch.syllables)
            spliced = spliced_guide = torch.zeros((), device=device)
            if splicer.ready:
                practice = (x.to(device) for x in splicer.batch(args.spliced, rng))
                spliced, spliced_guide = reading_losses(model, *practice)
        early = max(0.0, 1 - progress / 0.7)
        guide = guide + spliced_guide
        loss = text + spliced + (0.2 + 0.4 * early) * (phone + syllable) + (0.05 + 0.3 * early) * guide
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimiser.step()
        step += 1
        keep = min(0.999, step / (step + 100))
        with torch.no_grad():
            for k, v in model.state_dict().items():
                average[k].lerp_(v, 1 - keep)
        for i, value in enumerate((text, phone, syllable, guide, spliced)):
            report[i] += value.item()
        if step % 50 == 0:
            means = " ".join(f"{n} {v / (step - since):.3f}" for n, v in
                             zip(("text", "phone", "syll", "guide", "spliced"), report, strict=False))
            print(f"{step} p={progress:.3f} {seconds:.0f}s lr={rate(step, progress):.1e} {means} "
                  f"rows={len(corpus.rows)} t={time.time() - started:.0f}", flush=True)
            report, since = [0.0] * 5, step
        if time.time() - last_save > 240 or progress >= 1:
            state = {"model": model.state_dict(), "average": average, "step": step,
                     "optimiser": optimiser.state_dict(), "phones": phones.ids,
                     "syllables": syllables.ids, "spent": spent + time.time() - started}
            torch.save(state, state_path.with_suffix(".tmp"))
            os.replace(state_path.with_suffix(".tmp"), state_path)
            last_save = time.time()
        if progress >= 1:
            return


if __name__ == "__main__":
    main()
