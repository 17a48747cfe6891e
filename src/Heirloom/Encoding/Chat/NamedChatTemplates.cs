namespace Heirloom.Encoding.Chat;

/// <summary>Chat formats that go by a name.</summary>
public static class NamedChatTemplates
{
    private static readonly Dictionary<string, string> s_templates = new()
    {
        ["chatml"] = """
            {%- for m in messages -%}
            {{ '<|im_start|>' ~ m.role ~ '\n' ~ m.content ~ '<|im_end|>\n' }}
            {%- endfor -%}
            {%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}
            """,
        ["llama3"] = """
            {%- for m in messages -%}
            {{ (bos_token if loop.first else '') ~ '<|start_header_id|>' ~ m.role ~ '<|end_header_id|>\n\n' ~ m.content|trim ~ '<|eot_id|>' }}
            {%- endfor -%}
            {%- if add_generation_prompt -%}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif -%}
            """,
        ["mistral"] = """
            {{- bos_token -}}
            {%- set held = namespace(system='') -%}
            {%- for m in messages -%}
            {%- if m.role == 'system' -%}{%- set held.system = m.content ~ '\n\n' -%}
            {%- elif m.role == 'user' -%}{{ ' [INST] ' ~ held.system ~ m.content ~ ' [/INST]' }}{%- set held.system = '' -%}
            {%- elif m.role == 'assistant' -%}{{ ' ' ~ m.content ~ eos_token }}
            {%- else -%}{{ raise_exception('roles are system, user and assistant') }}{%- endif -%}
            {%- endfor -%}
            """,
        ["alpaca"] = """
            {%- for m in messages -%}
            {%- if m.role == 'user' -%}{{ '### Instruction:\n' ~ m.content|trim ~ '\n\n' }}
            {%- elif m.role == 'assistant' -%}{{ '### Response:\n' ~ m.content|trim ~ '\n\n' }}
            {%- elif m.role == 'user_context' -%}{{ '### Input:\n' ~ m.content|trim ~ '\n\n' }}
            {%- else -%}{{ m.content|trim ~ '\n\n' }}{%- endif -%}
            {%- endfor -%}
            {%- if add_generation_prompt -%}{{ '### Response:\n' }}{%- endif -%}
            """,
        ["exaone"] = """
            {%- for m in messages -%}
            {%- if loop.first and m.role != 'system' -%}{{ '[|system|][|endofturn|]\n' }}{%- endif -%}
            {{ '[|' ~ m.role ~ '|]' ~ m.content ~ ('\n' if m.role == 'user' else '[|endofturn|]\n') }}
            {%- endfor -%}
            {%- if add_generation_prompt -%}{{ '[|assistant|]' }}{%- endif -%}
            """,
    };

    /// <summary>Their names.</summary>
    public static IReadOnlyCollection<string> Names => s_templates.Keys;

    /// <summary>The Jinja text of one; null where there is none of that name.</summary>
    public static string? Find(string name) => s_templates.GetValueOrDefault(name);
}
