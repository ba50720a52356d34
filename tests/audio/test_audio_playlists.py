"""Files that only point elsewhere are refused: no other file, no network, whatever their name."""

from __future__ import annotations

import socket
import struct
import threading

import pytest
from audio_making import by_av, by_soundfile, saved, tones

from voiceguard.audio import AudioOptions, playable, read_blocks, survey
from voiceguard.errors import AudioError


@pytest.fixture
def listener():
    """A server that counts who calls: C libraries don't pass through Python's sockets."""
    server = socket.create_server(("127.0.0.1", 0))
    calls: list[object] = []
    server.settimeout(0.05)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, peer = server.accept()
            except TimeoutError:
                continue
            calls.append(peer)
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield server.getsockname()[1], calls
    stop.set()
    thread.join()
    server.close()


def attacks(canary: str, port: int) -> dict[str, bytes]:
    url = f"http://127.0.0.1:{port}/a.wav"
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n"
    sdp = (
        f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 8\n"
    )
    dash = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
        f"<Period><AdaptationSet><Representation><BaseURL>{url}</BaseURL></Representation>"
        "</AdaptationSet></Period></MPD>"
    )
    smil = f'<smil><body><audio src="{url}"/></body></smil>'
    texts = {
        "hls-file": hls.format(canary),
        "hls-url": hls.format(url),
        "hls-proto": hls.format(f"file:{canary}"),
        "hls-crypto": hls.format(f"crypto:{canary}"),
        "hls-concat": hls.format(f"concat:{canary}|{canary}"),
        "hls-bom": "\ufeff" + hls.format(canary),
        "hls-space": "\n\n  " + hls.format(canary),
        "ffconcat": f"ffconcat version 1.0\nfile '{canary}'\n",
        "concat-url": f"ffconcat version 1.0\nfile '{url}'\n",
        "concat-bare": f"file '{canary}'\nfile '{canary}'\n",
        "m3u": f"{canary}\n",
        "pls": f"[playlist]\nFile1={url}\nNumberOfEntries=1\n",
        "sdp": sdp,
        "dash": dash,
        "smil": smil,
        "rtsp": f"rtsp://127.0.0.1:{port}/x\n",
        "asx": f'<asx version="3.0"><entry><ref href="{url}"/></entry></asx>',
        "ffmetadata": ";FFMETADATA1\ntitle=x\n",
        "wpl": f'<?wpl version="1.0"?><smil><body><media src="{canary}"/></body></smil>',
    }
    return {name: text.encode() for name, text in texts.items()}


NAMES = ["call.wav", "call.mp3", "call.m3u8", "call.ffconcat", "call.sdp", "call.mp4", "concat:a"]


def test_playlists_are_refused_under_any_name(tmp_path, listener):
    port, calls = listener
    canary = saved(
        tmp_path, "canary.wav", by_soundfile(tones(8000, 1, 8000), 8000, "WAV", "PCM_16")
    )
    assert survey(canary, AudioOptions()).recording.duration == 1000
    for attack, content in attacks(canary, port).items():
        for name in NAMES:
            path = saved(tmp_path, name, content)
            for attempt in (survey, lambda p, o: playable(p, o, 500)):
                with pytest.raises(AudioError, match="is ") as caught:
                    attempt(path, AudioOptions())
                assert str(caught.value).startswith(path), attack
    assert calls == []


@pytest.mark.parametrize(
    "path",
    ["http://127.0.0.1:{}/a.wav", "concat:{}", "file:/etc/hosts", "pipe:0", "tcp://127.0.0.1:{}",
     "data:audio/wav;base64,UklGRg==", "subfile,,start,0,end,0,,:/etc/hosts"],
)  # fmt: skip
def test_a_path_is_only_a_path(listener, path):
    port, calls = listener
    with pytest.raises(AudioError, match="no such file"):
        survey(path.format(port), AudioOptions())
    assert calls == []


def test_playlist_behind_audio_magic_is_not_followed(tmp_path, listener):
    """The mark decides the demuxer; what a playlist says behind it is only bytes."""
    port, calls = listener
    canary = saved(
        tmp_path, "canary.wav", by_soundfile(tones(8000, 1, 8000), 8000, "WAV", "PCM_16")
    )
    for content in attacks(canary, port).values():
        for mark in (b"OggS", b"ID3\x03\0\0\0\0\0\0", b"#!AMR\n", b"\x1aE\xdf\xa3", b"fLaC",
                     b"FLV\x01", b"\0\0\0\x08ftyp", b"RIFF\0\0\0\0AVI "):  # fmt: skip
            path = saved(tmp_path, "call.wav", mark + content)
            try:
                heard = survey(path, AudioOptions()).recording.duration
            except AudioError as error:
                assert str(error).startswith(path)
            else:  # AMR makes a little noise of any bytes; the canary lasts a second
                assert mark == b"#!AMR\n" and heard < 900
    assert calls == []


def test_mp4_with_its_samples_in_another_file(tmp_path, monkeypatch, listener):
    """QuickTime data references name other files; the samples here are said to lie in one."""
    _, calls = listener
    data = bytearray(by_av(tones(8000, 1, 8000), 8000, "mov", "pcm_s16le"))
    at = data.index(b"url ")
    struct.pack_into(">I", data, at + 4, 0)  # no longer "in this file"
    data[at : at + 4] = b"alis"
    path = saved(tmp_path, "call.mov", bytes(data))
    opened: list[str] = []
    monkeypatch.setattr(
        "voiceguard.audio.decode.libav._refuse", lambda url, *rest: opened.append(url)
    )
    # The samples are still taken from this file, which is where they are.
    assert survey(path, AudioOptions()).recording.duration == 1000
    assert opened == [] and calls == []


def test_libav_never_gets_a_path_or_its_own_choice_of_format(tmp_path, monkeypatch):
    import av

    seen: list[tuple[object, dict[str, object]]] = []
    real = av.open

    def spy(file, *rest, **more):
        seen.append((file, more))
        return real(file, *rest, **more)

    path = saved(tmp_path, "a.mp3", by_av(tones(16000, 1, 8000), 16000, "mp3", "libmp3lame"))
    monkeypatch.setattr(av, "open", spy)
    list(read_blocks(path, AudioOptions(), [0]))
    ((file, more),) = seen
    assert not isinstance(file, str) and more["format"] == "mp3"
    assert more["options"]["protocol_whitelist"] == "none"
    with pytest.raises(PermissionError):
        more["io_open"]("http://example.org/", 1, {})
