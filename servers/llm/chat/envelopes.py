"""Reads the answer out of JSON around it: `{"thought": "…", "answer": "…"}`."""

from __future__ import annotations

from servers.llm.chat.loose_arguments import decoded

_ANSWERS = (
    *("final_answer", "answer", "response", "reply", "speech", "spoken", "spoken_text", "say"),
    *("message", "text", "content", "output", "result"),
)
"""Keys of the answer, the surest first."""
_FURTHER = frozenset(
    (
        *("thought", "thoughts", "thinking", "reasoning", "reason", "reflection", "analysis"),
        *("plan", "type", "role", "status", "language", "confidence", "emotion", "mood", "tone"),
        *("tool_calls", "tool_call", "function_call", "tools", "action", "actions", "tool"),
        *("end", "done", "finished", "success", "error", "follow_up", "id"),
    )
)
"""Keys that may be beside it."""


def answer_in(text: str) -> str | None:
    """Return the answer that an object holds; None if it is anything else."""
    value = decoded(text)
    if not isinstance(value, dict):
        return None
    fields = {str(key).lower(): content for key, content in value.items()}
    if isinstance(final := fields.get("action_input"), str) and _is_final(fields.get("action")):
        return final
    key = next((key for key in _ANSWERS if isinstance(fields.get(key), str)), None)
    others = set(fields) - {key}
    return fields[key] if key is not None and others <= _FURTHER else None


def _is_final(action: object) -> bool:
    """Return whether an action is that of LangChain's agents that ends an answer."""
    return isinstance(action, str) and action.lower().replace("_", " ") == "final answer"
