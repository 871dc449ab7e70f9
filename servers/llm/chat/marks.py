"""The marks with which models frame reasoning, tool calls and channels in their text.

Sources: the chat templates that the models are published with, and Ollama's parsers.
"""

from __future__ import annotations

NAMESPACES = ("antml", "seed", "minimax", "mm", "tool", "function")
"""Prefixes of elements' names."""

REASONING_ELEMENTS = (
    *("think", "thinking", "thought", "thoughts", "thought_process", "thinking_process"),
    *("reasoning", "reason", "reasoning_content", "rationale", "chain_of_thought", "cot"),
    *("reflection", "reflect", "self_reflection", "introspection", "deliberation", "contemplation"),
    *("scratchpad", "scratch_pad", "inner_monologue", "internal_monologue", "monologue"),
    *("internal", "internal_thought", "internal_thoughts", "internal_reasoning"),
    *("analysis", "analyze", "plan", "planning", "brainstorm", "brainstorming", "ant_thinking"),
)
"""Names of elements that are never spoken, also with attributes, with the prefix of a namespace,
and without their separators."""

UNSURE_ELEMENTS = (
    *("reason", "rationale", "reflection", "reflect", "self_reflection", "introspection"),
    *("deliberation", "contemplation", "monologue", "internal", "analysis", "analyze"),
    *("plan", "planning", "brainstorm", "brainstorming"),
)
"""Those of `REASONING_ELEMENTS` whose names are also placeholders and headings of ordinary text.
Without its end, such an element hides nothing."""

_PIPED = ("think", "thinking", "thought", "reasoning")

REASONING = {
    **{f"<{name}>": f"</{name}>" for name in REASONING_ELEMENTS},
    **{f"<|{name}|>": f"<|/{name}|>" for name in _PIPED},
    "[THINK]": "[/THINK]",  # Magistral
    "[THINKING]": "[/THINKING]",
    "[REASONING]": "[/REASONING]",
    "[REASON]": "[/REASON]",
    "[THOUGHT]": "[/THOUGHT]",
    "[ANALYSIS]": "[/ANALYSIS]",
    "[REFLECTION]": "[/REFLECTION]",
    "[SCRATCHPAD]": "[/SCRATCHPAD]",
    "<|begin_of_thought|>": "<|end_of_thought|>",  # Sky-T1, OpenThinker
    "<|START_THINKING|>": "<|END_THINKING|>",  # Command A
    "<|think_start|>": "<|think_end|>",
    "<|reasoning_start|>": "<|reasoning_end|>",
    "<|start_think|>": "<|end_think|>",
    "◁think▷": "◁/think▷",  # Kimi-VL
    "<unused94>": "<unused95>",  # MedGemma
    "<|channel>": "<channel|>",  # Gemma 4
    "<tool_response>": "</tool_response>",
    "<tool_result>": "</tool_result>",
    "<!--": "-->",
}
"""Opening and closing marks of passages that are never spoken. A passage without its closing mark
extends to the end."""

OTHER_CLOSINGS = {
    **{f"<|/{name}|>": (f"<|end_{name}|>", f"<|{name}_end|>", f"</|{name}|>") for name in _PIPED},
    "</function>": ("/>",),  # <function name="stop"/> ends itself
    "</invoke>": ("/>",),
}
"""Further spellings of closing marks."""

LONE = tuple(
    closing
    for opening, closing in REASONING.items()
    if "tool" not in opening and opening != "<!--"  # an arrow is ordinary text
)
"""Closing marks that come without an opening where the template writes that itself."""

CALLS = {
    "<tool_call>": "</tool_call>",
    "<tool_calls>": "</tool_calls>",
    "<toolcall>": "</toolcall>",  # Nemotron
    "<function_call>": "</function_call>",
    "<function_calls>": "</function_calls>",
    "<functioncall>": "</functioncall>",
    "<tools>": "</tools>",
    "<tool_code>": "</tool_code>",
    "<function=": "</function>",
    "<function name=": "</function>",
    "<invoke name=": "</invoke>",
    "<|tool_call|>": "<|/tool_call|>",
    "<|tool_call_start|>": "<|tool_call_end|>",  # LFM2
    "<|tool_calls_section_begin|>": "<|tool_calls_section_end|>",  # Kimi K2
    "<|tool_call>": "<tool_call|>",  # Gemma 4
    "<|START_ACTION|>": "<|END_ACTION|>",  # Command R
    "<|python_tag|>": "<|eom_id|>",  # Llama 3
    "<|tool_call_begin|>": "<|tool_call_end|>",
    "<|tool_calls|>": "<|/tool_calls|>",
    "<|function_call|>": "<|/function_call|>",
    "<|plugin|>": "<|action_end|>",  # InternLM
    "<start_function_call>": "<end_function_call>",  # FunctionGemma
    "<longcat_tool_call>": "</longcat_tool_call>",
    "<seed:tool_call>": "</seed:tool_call>",
    "<minimax:tool_call>": "</minimax:tool_call>",
    "<｜DSML｜function_calls>": "</｜DSML｜function_calls>",  # DeepSeek V3.2
    "<｜DSML｜tool_calls>": "</｜DSML｜tool_calls>",
    "<|tool▁calls▁begin|>": "<|tool▁calls▁end|>",
    "<|tool▁call▁begin|>": "<|tool▁call▁end|>",
    "✿FUNCTION✿:": "✿RESULT✿",  # Qwen-Agent
    "[TOOL_REQUEST]": "[END_TOOL_REQUEST]",  # LM Studio
    "[TOOL_CALL]": "[/TOOL_CALL]",
    "[FUNCTION_CALL]": "[/FUNCTION_CALL]",
    "[FUNC]": "[/FUNC]",
    "<｜tool▁calls▁begin｜>": "<｜tool▁calls▁end｜>",  # DeepSeek
    "<｜tool▁call▁begin｜>": "<｜tool▁call▁end｜>",
    "[TOOL_CALLS]": "\n",  # Mistral
}
"""Opening and closing marks of tool calls. A passage without its closing mark extends to the end;
a line feed closes one only behind complete brackets."""

HEADERS = {
    "<|channel|>": "<|message|>",
    "<|start|>": "<|message|>",
    "<|start_header_id|>": "<|end_header_id|>",  # Llama 3
    "<|start_of_role|>": "<|end_of_role|>",  # Granite
}
"""Marks around a channel or role. Harmony (gpt-oss) writes the channel `analysis` for reasoning,
`commentary to=functions.NAME` for calls, and `final` for the answer."""

MESSAGE_ENDS = ("<|end|>", "<|return|>", "<|call|>", "<|start|>", "<|channel|>")
"""Marks that end a message of Harmony; the last two begin the next one."""

DROPPED = (
    "</tool_call>",
    "</function>",
    "</answer>",
    "<answer>",
    "<response>",
    "</response>",
    "[ANSWER]",
    "[/ANSWER]",
    "[FINAL]",
    "[/FINAL]",
    "<start_of_turn>model",
    "<start_of_turn>",
    "<end_of_turn>",
    "<eos>",
    "<bos>",
    "<pad>",
    "</s>",
    "<s>",
    "[/INST]",
    "[INST]",
    "<turn|>",
    "<|turn>model",
    "<｜end▁of▁sentence｜>",
    "<｜Assistant｜>",
)
"""Marks that are removed by themselves, beside control tokens such as <|eot_id|>."""

BEGINNINGS = {
    "analysis": "assistantfinal",  # Harmony whose control tokens were lost
    "Here is my thought process:": "Here is my response:",  # Granite 3.2
}
"""Opening and closing texts of reasoning that count only at the beginning of an answer."""

LEAD_SIGNS = ">*•‣▪◦·+#_=/$@!\"'“”→➜➤–—-🔧🛠⚙🤖\ufe0f"
"""Signs that models write before a tool call: bullets, quotations, headings, emphasis."""

LEAD_WORDS = (
    *("tool", "tools", "tool_call", "tool_calls", "tool_code", "tool_use", "tool_input"),
    *("function", "functions", "function_call", "function_calls", "function_name"),
    *("call", "calls", "calling", "invoke", "invoking", "execute", "executing", "use", "using"),
    *("uses", "echo", "puts", "select"),
    *(
        "action",
        "actions",
        "action_input",
        "multi_tool_use.parallel(",
        "api",
        "command",
        "name",
        "step",
        "final",
    ),
    *("json", "xml", "code", "python", "input", "output", "response", "answer", "result"),
    *("assistant", "ai", "bot", "model", "commentary", "assistantcommentary"),
    *("工具调用", "调用工具", "函数调用", "调用函数", "工具", "函数", "动作", "行动"),
)
"""Words of the labels before a tool call, such as "Tool call:" and ReAct's "Action:"."""

INPUT_LABELS = (
    *("action input", "tool input", "function input", "input"),
    *("arguments", "args", "parameters", "params"),
)
"""Labels between a tool's name and its arguments, on a line of their own, as in ReAct."""

THOUGHT_LABELS = (
    *("thought", "thoughts", "thinking", "thought process", "thinking process", "my thoughts"),
    *("reasoning", "analysis", "internal monologue", "inner monologue", "chain of thought"),
    *("思考", "思考过程", "推理", "分析"),
)
"""Labels of reasoning at the beginning of an answer, as in ReAct."""

ANSWER_LABELS = (
    *("final answer", "answer", "final response", "response", "reply", "final", "output"),
    *("答案", "最终答案", "回答", "回复"),
)
"""Labels of the answer behind labelled reasoning."""

STEP_LABELS = (
    *(
        "action",
        "action input",
        "tool",
        "tool call",
        "function",
        "function call",
        "call",
        "api call",
    ),
    *("工具", "工具调用", "动作", "行动"),
)
"""Labels of a tool call behind labelled reasoning."""
