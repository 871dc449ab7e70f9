"""A tiny generated language model for a real Ollama: Llama's layout, a few hundred kB.

Its layers do nothing: the next token depends only on the last one, by a table in the embeddings.
Words follow each other at random; the mark `ASKED` is followed by `CALL`, a tool call, and the end;
`ANSWERED` is followed by the words of `ANSWER`. So one template makes the model babble, and another
makes it call a tool and then answer.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float32]

_TEXT = (
    "the lamp is on off and it was warm in every room today so you may sleep well until morning "
    "comes with rain or light over our house where nobody waits for long"
)
WORDS = tuple(_TEXT.split())
ANSWER = ("your", "timer", "runs", "now")
CALL = '{"name": "start_timer", "parameters": {"minutes": 5, "name": "tea"}}'
ASKED, ANSWERED = "<|asked|>", "<|done|>"

_WIDTH = 128
_FOLLOWERS = 3
"""Words that may follow a word, equally likely."""
_END_EVERY = 12
"""Every how many words a word may be the last."""
_SHARPNESS = 24.0
"""Advantage in log-odds of a follower over other tokens, which makes the answer certain."""
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6
"""Kinds of tokens, as GGUF numbers them."""

TEMPLATE = (
    '{{- range .Messages }}{{ if eq .Role "system" }}{{ .Content }}\n{{ else }}{{ .Role }}: '
    "{{ .Content }}\n{{ end }}{{ end }} the"
)
"""Template that makes the model babble, without tools."""

TOOL_TEMPLATE = (
    "{{- if .System }}{{ .System }}\n{{ end }}{{- if .Tools }}tools: {{ .Tools }}\n{{ end }}"
    "{{- range $i, $_ := .Messages }}{{- $last := eq (len (slice $.Messages $i)) 1 }}"
    '{{- if ne .Role "system" }}{{ .Role }}: {{ .Content }}{{ range .ToolCalls }}'
    '{"name": "{{ .Function.Name }}", "parameters": {{ .Function.Arguments }}}{{ end }}\n{{ end }}'
    '{{- if and $last (eq .Role "tool") }}<|done|>{{ else if $last }}<|asked|>{{ end }}{{ end }}'
)
"""Template for `CALL` after a request and `ANSWER` after the tool's result."""


def write(path: Path, seed: int = 1) -> None:
    """Write the model as a GGUF file."""
    import gguf

    tokens, kinds = _vocabulary()
    followers = _followers(tokens, np.random.default_rng(seed))
    embeddings, output = _tables(len(tokens), followers, np.random.default_rng(seed))
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(8192)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(2 * _WIDTH)
    writer.add_head_count(4)
    writer.add_head_count_kv(4)
    writer.add_rope_dimension_count(_WIDTH // 4)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([token.encode() for token in tokens])
    writer.add_token_scores([-float(number) for number in range(len(tokens))])
    writer.add_token_types(kinds)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    nothing, wide = np.zeros((_WIDTH, _WIDTH), np.float32), 2 * _WIDTH
    writer.add_tensor("token_embd.weight", embeddings)
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(_WIDTH, np.float32))
    for name in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.0.{name}.weight", np.ones(_WIDTH, np.float32))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        writer.add_tensor(f"blk.0.{name}.weight", nothing)
    writer.add_tensor("blk.0.ffn_gate.weight", np.zeros((wide, _WIDTH), np.float32))
    writer.add_tensor("blk.0.ffn_up.weight", np.zeros((wide, _WIDTH), np.float32))
    writer.add_tensor("blk.0.ffn_down.weight", np.zeros((_WIDTH, wide), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _vocabulary() -> tuple[list[str], list[int]]:
    """Return tokens in SentencePiece's layout: specials, 256 bytes, pieces of words, words."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), ASKED, ANSWERED]
    kinds = [_UNKNOWN, _CONTROL, _CONTROL, *[_BYTE] * 256, _CONTROL, _CONTROL]
    words = [*WORDS, *ANSWER]
    # SentencePiece joins two shorter pieces at a time, so all intermediate pieces must exist
    pieces = {"▁" + word[:end] for word in words for end in range(len(word) + 1)}
    pieces |= {letter for word in words for letter in word}
    ordered = sorted(pieces, key=lambda piece: (-len(piece), piece))
    ordered.append(CALL.replace(" ", "▁"))
    return tokens + ordered, kinds + [_NORMAL] * len(ordered)


def _followers(tokens: list[str], random: np.random.Generator) -> dict[int, list[int]]:
    """Return the tokens that may follow each word; other tokens have random followers."""
    numbers = {token: number for number, token in enumerate(tokens)}
    words = [numbers["▁" + word] for word in WORDS]
    table: dict[int, list[int]] = {}
    for number in words:
        table[number] = [int(n) for n in random.choice(words, _FOLLOWERS, replace=False)]
        if number in words[5::_END_EVERY]:
            table[number].append(2)
    end = numbers["</s>"]
    chain = [numbers[ANSWERED], *(numbers["▁" + word] for word in ANSWER), end]
    call = [numbers[ASKED], numbers[CALL.replace(" ", "▁")], end]
    for path in (chain, call):
        for before, after in pairwise(path):
            table[before] = [after]
    return table


def _tables(
    size: int, followers: dict[int, list[int]], random: np.random.Generator
) -> tuple[Table, Table]:
    """Return the embeddings, and an output matrix that favours each token's followers."""
    embeddings = random.standard_normal((size, _WIDTH)).astype(np.float32)
    embeddings *= np.sqrt(_WIDTH) / np.linalg.norm(embeddings, axis=1, keepdims=True)
    output = np.zeros((size, _WIDTH), np.float32)
    for before, after in followers.items():
        output[after] += embeddings[before] * (_SHARPNESS / _WIDTH)
    return embeddings, output
