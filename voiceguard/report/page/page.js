"use strict";
(() => {
  const root = document.documentElement;
  const one = (query) => document.querySelector(query);
  const all = (query) => [...document.querySelectorAll(query)];
  const call = JSON.parse(one("#call-data").textContent);
  const sound = one("#sound");
  const cards = all(".flag");
  const turns = all(".turn[data-at]").map((row) => ({
    row,
    bar: one(`.bar[data-turn="${row.dataset.turn}"]`),
    start: Number(row.dataset.at),
    end: Number(row.dataset.until),
  }));
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let selected = 0; // number of the flag in hand, 0 for none
  let scrolledAt = 0; // when the reader last scrolled by hand

  root.classList.add("js");

  // ---- sound -----------------------------------------------------------------------------
  const length = () => Number(one("#timeline")?.dataset.length ?? 0);
  const label = (seconds) => {
    const whole = Math.floor(seconds);
    const two = (value) => String(value).padStart(2, "0");
    const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
  };
  const hasSound = () => root.classList.contains("sound");

  function seek(at, play) {
    if (!hasSound()) return;
    sound.currentTime = Math.max(0, at);
    if (play) sound.play().catch(() => {});
    show();
  }

  function toggle() {
    if (!hasSound()) return;
    if (sound.paused) sound.play().catch(() => {});
    else sound.pause();
  }

  function show() {
    const now = sound.currentTime;
    one("#now").textContent = label(now);
    const head = one("#playhead");
    if (head && length()) head.style.left = `${Math.min(100, (100 * now) / length())}%`;
    const active = !sound.paused || now > 0;
    for (const turn of turns) {
      const current = active && turn.start <= now && now < turn.end;
      if (current === turn.row.classList.contains("now")) continue;
      turn.row.classList.toggle("now", current);
      turn.bar?.classList.toggle("now", current);
      if (current) turn.row.setAttribute("aria-current", "true");
      else turn.row.removeAttribute("aria-current");
      if (current && !sound.paused) follow(turn.row);
    }
  }

  function follow(row) {
    if (!one("#follow").checked || Date.now() - scrolledAt < 4000) return;
    const box = row.getBoundingClientRect();
    if (box.top < 90 || box.bottom > innerHeight - 40) reveal(row, "center");
  }

  function reveal(element, block) {
    element.scrollIntoView({ block, behavior: calm ? "auto" : "smooth" });
  }

  function frame() {
    show();
    if (!sound.paused) requestAnimationFrame(frame);
  }

  if (sound) {
    root.classList.add("sound");
    sound.addEventListener("play", () => {
      one("#play span").textContent = "❚❚";
      requestAnimationFrame(frame);
    });
    sound.addEventListener("pause", () => (one("#play span").textContent = "▶"));
    sound.addEventListener("timeupdate", show);
    sound.addEventListener("error", () => {
      root.classList.remove("sound");
      one("#broken").hidden = false;
    });
    one("#play").addEventListener("click", toggle);
    one("#speed").addEventListener("change", (event) => {
      sound.playbackRate = Number(event.target.value);
    });
    for (const name of ["wheel", "touchmove"])
      addEventListener(name, () => (scrolledAt = Date.now()), { passive: true });
  }

  // ---- flags -----------------------------------------------------------------------------
  const numbers = (element) => (element.dataset.flags || element.dataset.flag || "").split(" ");
  const marks = all("mark, .pin, .hit");

  function select(number, { card = true, turn = true, play = false } = {}) {
    selected = number;
    for (const element of [...cards, ...marks])
      element.classList.toggle("selected", numbers(element).includes(String(number)));
    const chosen = one(`#flag-${number}`);
    if (!chosen) return;
    const flag = call.flags[number - 1];
    const row = one(`#turn-${flag.turns[0] ?? flag.evidence[0]?.turn ?? flag.context[0]}`);
    if (turn && row) reveal(row, "center");
    // A list that scrolls by itself can follow along; on a narrow page it would fight the transcript.
    if (card && (!turn || getComputedStyle(one(".flags")).position === "sticky"))
      reveal(chosen, "nearest");
    if (flag.start !== null && sound) seek(flag.start - 2, play || !sound.paused);
  }

  function step(by) {
    const open = cards.filter((card) => !card.hidden).map((card) => Number(card.dataset.flag));
    if (!open.length) return;
    const at = open.indexOf(selected);
    const next = at < 0 ? (by > 0 ? 0 : open.length - 1) : (at + by + open.length) % open.length;
    select(open[next]);
  }

  // ---- filter ----------------------------------------------------------------------------
  const chips = all(".chip[aria-pressed]");

  function filter() {
    const wanted = {};
    for (const chip of chips) {
      if (chip.getAttribute("aria-pressed") !== "true") continue;
      const [kind, value] = Object.entries(chip.dataset)[0];
      (wanted[kind] ??= []).push(value);
    }
    const fits = (card) => Object.entries(wanted).every(([k, values]) => values.includes(card.dataset[k]));
    const open = new Set();
    for (const card of cards) {
      card.hidden = !fits(card);
      if (!card.hidden) open.add(card.dataset.flag);
    }
    for (const element of marks)
      element.classList.toggle("off", !numbers(element).some((number) => open.has(number)));
    one("#shown-count").textContent = open.size < cards.length ? `${open.size} / ${cards.length}` : cards.length;
    one("#clear").hidden = !Object.keys(wanted).length;
  }

  for (const chip of chips)
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      filter();
    });
  one("#clear")?.addEventListener("click", () => {
    for (const chip of chips) chip.setAttribute("aria-pressed", "false");
    filter();
  });

  // ---- clicks and keys -------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const target = event.target;
    const at = target.closest("button.at");
    if (at) {
      if (event.detail) at.blur(); // so that the space bar pauses and does not press it again
      if (at.dataset.flag) select(Number(at.dataset.flag), { card: false, play: true });
      else seek(Number(at.dataset.at), true);
      return;
    }
    const pin = target.closest(".pin, a[data-goto]");
    if (pin) {
      event.preventDefault();
      const inTranscript = Boolean(pin.closest(".transcript"));
      select(Number(pin.dataset.flag || pin.dataset.goto), { turn: !inTranscript });
      return;
    }
    const mark = target.closest("mark:not(.off)");
    if (mark) select(Number(numbers(mark)[0]), { turn: false });
    const row = target.closest(".turn[data-at]");
    if (row && !mark && !String(getSelection())) seek(Number(row.dataset.at), true);
    const lane = target.closest(".tl-lane");
    if (lane && hasSound()) {
      const box = lane.getBoundingClientRect();
      seek(((event.clientX - box.left) / box.width) * length(), !sound.paused);
    }
  });

  for (const button of all(".player button"))
    button.addEventListener("click", (event) => event.detail && button.blur());
  one("#next")?.addEventListener("click", () => step(1));
  one("#previous")?.addEventListener("click", () => step(-1));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, select, textarea")) return;
    const key = event.key.toLowerCase();
    if (key === "n") step(1);
    else if (key === "p") step(-1);
    else if (key === " " && hasSound() && !event.target.closest("button, a, summary")) toggle();
    else if (key === "arrowleft" && hasSound()) seek(sound.currentTime - 5);
    else if (key === "arrowright" && hasSound()) seek(sound.currentTime + 5);
    else return;
    event.preventDefault();
  });
})();
