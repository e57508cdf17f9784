/* SPDX-License-Identifier: Apache-2.0 */
#include "classify/rule.h"

#include "base/ascii.h"
#include "base/lit.h"

struct reader {
    struct nx_rulebook *book;
    struct nx_str file;
    bool local, providers;
    unsigned line;
    size_t column; /* of the value being read */
    struct nx_rule *rule;
    unsigned trial;    /* line of the word at the head of the file, 0: there is none */
    unsigned provider; /* place + 1 of the open provider block, 0: none */
};

#define TRIAL NX_STR("trial")
#define FAULT(reader, ...) nx_rulebook_fault((reader)->book, (reader)->file, (reader)->line, (reader)->column, __VA_ARGS__)

static bool is_id(struct nx_str text, bool dotted)
{
    bool dot = false;
    if (text.n == 0 || text.n > 80 || !nx_is_alnum((unsigned char)text.p[0]) || !nx_is_alnum((unsigned char)text.p[text.n - 1]))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '.')
            dot = true;
        else if (!nx_is_digit((unsigned char)c) && !(c >= 'a' && c <= 'z') && c != '_' && c != '-')
            return false;
    }
    return dot == dotted;
}

static bool next_word(struct nx_str *rest, struct nx_str *ret)
{
    *rest = nx_str_trim(*rest);
    if (rest->n == 0)
        return false;
    size_t end = 0;
    while (end < rest->n && !nx_is_blank((unsigned char)rest->p[end]))
        end++;
    *ret = nx_str_sub(*rest, 0, end);
    *rest = nx_str_from(*rest, end);
    return true;
}

static bool parse_code(struct nx_str word, struct nx_code_gate *ret)
{
    if (word.n != 3 || word.p[0] < '2' || word.p[0] > '6')
        return false;
    unsigned low = 0, high = 0;
    for (size_t i = 0; i < 3; i++) {
        bool open = nx_lower((unsigned char)word.p[i]) == 'x';
        if (!open && !nx_is_digit((unsigned char)word.p[i]))
            return false;
        low = low * 10 + (open ? 0 : (unsigned)(word.p[i] - '0'));
        high = high * 10 + (open ? 9 : (unsigned)(word.p[i] - '0'));
    }
    *ret = (struct nx_code_gate){low, high};
    return true;
}

static bool parse_status(struct nx_str word, struct nx_status_gate *ret)
{
    int parts[3];
    for (size_t i = 0; i < 3; i++) {
        size_t dot = i < 2 ? nx_str_chr(word, '.') : word.n;
        struct nx_str part = nx_str_sub(word, 0, dot);
        unsigned long long value = 0;
        if (nx_str_eq(part, NX_STR("*")))
            parts[i] = -1;
        else if (part.n <= 3 && nx_str_to_u64(part, &value))
            parts[i] = (int)value;
        else
            return false;
        if (i < 2 && dot == word.n)
            return false;
        word = nx_str_from(word, dot + 1);
    }
    if (parts[0] != -1 && parts[0] != 2 && parts[0] != 4 && parts[0] != 5)
        return false;
    *ret = (struct nx_status_gate){parts[0], parts[1], parts[2]};
    return true;
}

static void key_cause(struct reader *reader, struct nx_str value)
{
    if (reader->rule->cause != NX_CAUSE_NONE)
        FAULT(reader, "a rule has one cause (start another rule)");
    else if (!nx_cause_parse(value, &reader->rule->cause))
        FAULT(reader, "unknown cause '%.*s' (docs/taxonomy.md lists them)", NX_FMT(value));
}

static void key_class(struct reader *reader, struct nx_str value)
{
    if (!nx_class_parse(value, &reader->rule->class_))
        FAULT(reader, "unknown class '%.*s' (hard, soft, block or none)", NX_FMT(value));
    reader->rule->has_class = true;
}

static void key_tier(struct reader *reader, struct nx_str value)
{
    if (!nx_str_eq(value, NX_STR("weak")))
        FAULT(reader, "unknown tier '%.*s' (the directory gives the tier; 'weak' is the only one to ask for)", NX_FMT(value));
    reader->rule->weak = true;
}

static void key_from(struct reader *reader, struct nx_str value)
{
    for (struct nx_str word; next_word(&value, &word);) {
        if (!is_id(word, false))
            FAULT(reader, "'%.*s' is no provider id", NX_FMT(word));
        g_array_append_val(reader->rule->from, word);
    }
}

static void key_format(struct reader *reader, struct nx_str value)
{
    for (struct nx_str word; next_word(&value, &word);)
        g_array_append_val(reader->rule->formats, word);
}

static void key_code(struct reader *reader, struct nx_str value)
{
    for (struct nx_str word; next_word(&value, &word);) {
        struct nx_code_gate gate;
        if (parse_code(word, &gate))
            g_array_append_val(reader->rule->codes, gate);
        else
            FAULT(reader, "'%.*s' is no reply code (three digits, x for any: 550, 45x, 5xx)", NX_FMT(word));
    }
}

static void key_status(struct reader *reader, struct nx_str value)
{
    for (struct nx_str word; next_word(&value, &word);) {
        struct nx_status_gate gate;
        if (parse_status(word, &gate))
            g_array_append_val(reader->rule->statuses, gate);
        else
            FAULT(reader, "'%.*s' is no enhanced code (5.1.1, with * for any part: *.2.2, 5.7.*)", NX_FMT(word));
    }
}

static void key_stage(struct reader *reader, struct nx_str value)
{
    for (struct nx_str word; next_word(&value, &word);) {
        enum nx_stage stage;
        if (nx_stage_parse(word, &stage))
            reader->rule->stages |= 1u << stage;
        else
            FAULT(reader, "unknown stage '%.*s' (connect, helo, auth, mail, rcpt or data)", NX_FMT(word));
    }
}

static void key_kind(struct reader *reader, struct nx_str value)
{
    for (struct nx_str word; next_word(&value, &word);) {
        enum nx_kind kind;
        if (nx_kind_parse(word, &kind) && kind != NX_KIND_OTHER)
            reader->rule->kinds |= 1u << kind;
        else
            FAULT(reader, "unknown kind '%.*s' (failed, delayed, delivered, complaint, unsubscribe or autoreply)", NX_FMT(word));
    }
}

static void add_phrase(struct reader *reader, struct nx_str value, GArray *to)
{
    struct nx_phrase phrase = {.line = reader->line};
    const char *why = NULL;
    if (!nx_phrase_parse(reader->book->arena, value, &phrase, &why))
        FAULT(reader, "%s", why);
    else
        g_array_append_val(to, phrase);
}

static void key_any(struct reader *reader, struct nx_str value)
{
    add_phrase(reader, value, reader->rule->any);
}

static void key_not(struct reader *reader, struct nx_str value)
{
    add_phrase(reader, value, reader->rule->not );
}

static void key_need(struct reader *reader, struct nx_str value)
{
    add_phrase(reader, value, reader->rule->needs);
}

static void key_re(struct reader *reader, struct nx_str value)
{
    if (reader->rule->re.n > 0)
        FAULT(reader, "a rule has one re (start another rule, or use '|')");
    reader->rule->re = value;
    reader->rule->re_line = reader->line;
    reader->rule->re_column = reader->column;
}

static void key_beats(struct reader *reader, struct nx_str value)
{
    for (struct nx_str word; next_word(&value, &word);) {
        if (!is_id(word, true))
            FAULT(reader, "'%.*s' is no rule id", NX_FMT(word));
        g_array_append_val(reader->rule->beats, word);
    }
}

static void key_hit(struct reader *reader, struct nx_str value)
{
    struct nx_example example = {.text = value, .line = reader->line, .hit = true};
    g_array_append_val(reader->rule->examples, example);
}

static void key_miss(struct reader *reader, struct nx_str value)
{
    struct nx_example example = {.text = value, .line = reader->line, .hit = false};
    g_array_append_val(reader->rule->examples, example);
}

static void key_note(struct reader *reader, struct nx_str value)
{
    reader->rule->note = value;
}

static void key_since(struct reader *reader, struct nx_str value)
{
    reader->rule->since = value;
}

static void key_src(struct reader *reader, struct nx_str value)
{
    reader->rule->src = value;
}

static void key_scope(struct reader *reader, struct nx_str value)
{
    static const char *const names[] = {[NX_SCOPE_CLAUSE] = "clause", [NX_SCOPE_REPLY] = "reply", [NX_SCOPE_CODE] = "code"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (nx_str_eq(value, nx_str_of(names[i]))) {
            reader->rule->scope = (enum nx_scope)i;
            return;
        }
    FAULT(reader, "unknown scope '%.*s' (clause, reply or code)", NX_FMT(value));
}

static void key_pick(struct reader *reader, struct nx_str value)
{
    if (!nx_str_eq(value, NX_STR("last")))
        FAULT(reader, "unknown pick '%.*s' (of several leads in a text the first counts; 'last' is the only other)", NX_FMT(value));
    reader->rule->pick_last = true;
}

enum {
    OF_RULE = 1u << NX_BLOCK_RULE,
    OF_GUARD = 1u << NX_BLOCK_GUARD,
    OF_LEAD = 1u << NX_BLOCK_LEAD,
    OF_BOTH = OF_RULE | OF_GUARD,
    OF_ALL = OF_BOTH | OF_LEAD
};

static const struct {
    const char *name;
    void (*read)(struct reader *reader, struct nx_str value);
    unsigned of; /* whose key it is */
} rule_keys[] = {
    {"cause", key_cause, OF_BOTH}, {"class", key_class, OF_RULE},
    {"tier", key_tier, OF_RULE},   {"from", key_from, OF_RULE},
    {"code", key_code, OF_RULE},   {"status", key_status, OF_RULE},
    {"stage", key_stage, OF_RULE}, {"format", key_format, OF_RULE},
    {"kind", key_kind, OF_RULE},   {"any", key_any, OF_RULE | OF_LEAD},
    {"pick", key_pick, OF_LEAD},   {"scope", key_scope, OF_GUARD},
    {"re", key_re, OF_BOTH},       {"need", key_need, OF_BOTH},
    {"not", key_not, OF_RULE},     {"beats", key_beats, OF_RULE},
    {"hit", key_hit, OF_ALL},      {"miss", key_miss, OF_ALL},
    {"note", key_note, OF_ALL},    {"since", key_since, OF_ALL},
    {"src", key_src, OF_ALL},
};

static bool has_key(const struct nx_rule *rule, size_t i)
{
    return (rule_keys[i].of >> rule->block & 1) != 0;
}

static void read_provider_key(struct reader *reader, struct nx_str key, struct nx_str value)
{
    struct nx_rulebook *book = reader->book;
    if (nx_str_eq(key, NX_STR("note")))
        return;
    GHashTable *table = nx_str_eq(key, NX_STR("host")) ? book->hosts : nx_str_eq(key, NX_STR("domain")) ? book->domains : NULL;
    if (table == NULL) {
        FAULT(reader, "unknown key '%.*s' of a provider (host, domain or note)", NX_FMT(key));
        return;
    }
    for (struct nx_str word; next_word(&value, &word);) {
        struct nx_norm norm;
        nx_norm_make(book->arena, word, &norm);
        struct nx_str *suffix = nx_arena_alloc(book->arena, sizeof *suffix);
        *suffix = norm.text;
        gpointer known = g_hash_table_lookup(table, suffix);
        if (known != NULL && GPOINTER_TO_UINT(known) != reader->provider)
            FAULT(reader, "'%.*s' belongs to provider '%.*s' already", NX_FMT(word),
                  NX_FMT(g_array_index(book->providers, struct nx_provider, GPOINTER_TO_UINT(known) - 1).id));
        else
            g_hash_table_insert(table, suffix, GUINT_TO_POINTER(reader->provider));
    }
}

static void open_rule(struct reader *reader, struct nx_str id, enum nx_block block, const char *body)
{
    struct nx_rulebook *book = reader->book;
    if (!is_id(id, true))
        FAULT(reader, "'%.*s' is no rule id (lower case, digits, '_' and '-', with a dot: gmail.over_quota)", NX_FMT(id));
    if (book->all->len >= NX_RULES_MAX) {
        FAULT(reader, "more than %u rules", NX_RULES_MAX);
        return;
    }
    struct nx_rule *rule = nx_rule_new();
    rule->id = id;
    rule->block = block;
    rule->file = rule->place_file = reader->file;
    rule->line = rule->place_line = reader->line;
    rule->local = reader->local;
    rule->tier = reader->local ? NX_TIER_LOCAL : reader->providers ? NX_TIER_PROVIDER : NX_TIER_GENERIC;
    rule->body = (struct nx_str){body, 0};
    g_ptr_array_add(book->all, rule);
    reader->rule = rule;
}

static void open_provider(struct reader *reader, struct nx_str id)
{
    struct nx_rulebook *book = reader->book;
    if (!is_id(id, false))
        FAULT(reader, "'%.*s' is no provider id (lower case, digits, '_' and '-')", NX_FMT(id));
    for (guint i = 0; i < book->providers->len; i++)
        if (nx_str_eq(g_array_index(book->providers, struct nx_provider, i).id, id)) {
            reader->provider = i + 1;
            return;
        }
    struct nx_provider provider = {.id = id, .file = reader->file, .line = reader->line};
    g_array_append_val(book->providers, provider);
    reader->provider = book->providers->len;
}

static void add_disabled(struct reader *reader, struct nx_str id)
{
    if (!reader->local)
        FAULT(reader, "'disable' is for local rules (delete the rule instead)");
    struct nx_example entry = {.text = id, .line = reader->line};
    g_array_append_val(reader->book->disabled, entry);
    struct nx_str *file = nx_arena_alloc(reader->book->arena, sizeof *file);
    *file = reader->file;
    g_ptr_array_add(reader->book->disabled_in, file);
}

static void close_rule(struct reader *reader)
{
    struct nx_rule *rule = reader->rule;
    reader->rule = NULL;
    reader->provider = 0;
    if (rule == NULL)
        return;
    bool hit = false;
    for (guint i = 0; i < rule->examples->len; i++)
        hit |= g_array_index(rule->examples, struct nx_example, i).hit;
    unsigned line = reader->line;
    reader->line = rule->line;
    reader->column = 1;
    if (rule->kinds == 0)
        rule->kinds = 1u << NX_KIND_FAILED | 1u << NX_KIND_DELAYED;
    if (rule->weak)
        rule->tier = NX_TIER_WEAK;
    if (rule->cause == NX_CAUSE_NONE && rule->block == NX_BLOCK_RULE)
        FAULT(reader, "rule '%.*s' has no cause (add 'cause NAME')", NX_FMT(rule->id));
    if (rule->any->len == 0 && rule->re.n == 0)
        FAULT(reader, "rule '%.*s' has no words (add 'any PHRASE' or 're EXPRESSION')", NX_FMT(rule->id));
    if (!hit)
        FAULT(reader, "rule '%.*s' has no example (add 'hit TEXT')", NX_FMT(rule->id));
    reader->line = line;
}

/* A word at the margin, where a rule, a guard, a lead or a provider starts. line: it begins there. */
static void read_margin(struct reader *reader, struct nx_str key, struct nx_str value, const char *line)
{
    close_rule(reader);
    reader->column = 1;
    static const char *const blocks[] = {[NX_BLOCK_RULE] = "rule", [NX_BLOCK_GUARD] = "guard", [NX_BLOCK_LEAD] = "lead"};
    size_t block = 0;
    while (block < G_N_ELEMENTS(blocks) && !nx_str_eq(key, nx_str_of(blocks[block])))
        block++;
    if (block < G_N_ELEMENTS(blocks))
        open_rule(reader, value, (enum nx_block)block, line);
    else if (nx_str_eq(key, NX_STR("provider")))
        open_provider(reader, value);
    else if (nx_str_eq(key, NX_STR("disable")))
        add_disabled(reader, value);
    else
        FAULT(reader,
              "unknown word '%.*s' (rule, guard, lead, provider, disable or trial; the keys of a rule are indented by two blanks)",
              NX_FMT(key));
}

static void read_rule_key(struct reader *reader, struct nx_str key, struct nx_str value, size_t indent)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rule_keys); i++)
        if (nx_str_eq(key, nx_str_of(rule_keys[i].name)) && has_key(reader->rule, i)) {
            rule_keys[i].read(reader, value);
            return;
        }
    reader->column = indent + 1;
    g_autoptr(GString) known = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rule_keys); i++)
        if (has_key(reader->rule, i))
            g_string_append_printf(known, "%s%s", known->len == 0 ? "" : " ", rule_keys[i].name);
    FAULT(reader, "unknown key '%.*s' (%s)", NX_FMT(key), known->str);
}

static void read_line(struct reader *reader, struct nx_str line)
{
    size_t indent = 0;
    while (indent < line.n && nx_is_blank((unsigned char)line.p[indent]))
        indent++;
    struct nx_str text = nx_str_from(line, indent);
    while (text.n > 0 && nx_is_blank((unsigned char)text.p[text.n - 1]))
        text.n--;
    if (text.n == 0 || text.p[0] == '#')
        return;
    size_t end = 0;
    while (end < text.n && !nx_is_blank((unsigned char)text.p[end]))
        end++;
    struct nx_str key = nx_str_sub(text, 0, end), value = nx_str_from(text, end);
    while (value.n > 0 && nx_is_blank((unsigned char)value.p[0]))
        value = nx_str_from(value, 1);
    reader->column = indent + 1;
    if (nx_str_eq(text, TRIAL)) {
        if (reader->trial != reader->line || !reader->local)
            FAULT(reader, "'trial' is for the first line of a file of your own");
        return;
    }
    if (value.n == 0) {
        FAULT(reader, "'%.*s' has no value", NX_FMT(key));
        return;
    }
    if (indent == 0) {
        read_margin(reader, key, value, line.p);
        return;
    }
    reader->column = (size_t)(value.p - line.p) + 1;
    if (reader->provider != 0) {
        read_provider_key(reader, key, value);
    } else if (reader->rule == NULL) {
        FAULT(reader, "'%.*s' stands in no rule (start one with 'rule ID' at the margin)", NX_FMT(key));
    } else {
        reader->rule->body.n = (size_t)(line.p + line.n - reader->rule->body.p);
        read_rule_key(reader, key, value, indent);
    }
}

/* The line of the word `trial`, where it comes first; 0: it does not. */
static unsigned trial_line(struct nx_str text)
{
    struct nx_str line;
    for (unsigned number = 1; nx_str_next_line(&text, &line); number++) {
        line = nx_str_trim(line);
        if (line.n > 0 && line.p[0] != '#')
            return nx_str_eq(line, TRIAL) ? number : 0;
    }
    return 0;
}

bool nx_source_is_trial(const struct nx_source *source)
{
    return source->local && trial_line(source->text) > 0;
}

void nx_rulebook_read(struct nx_rulebook *book, const struct nx_source *source)
{
    struct reader reader = {
        .book = book, .file = nx_arena_dup(book->arena, source->name), .local = source->local, .line = 1, .column = 1};
    reader.providers = nx_str_istarts(reader.file, NX_STR("providers/")) || nx_str_ihas(reader.file, NX_STR("/providers/"));
    if (source->text.n > NX_RULE_FILE_MAX) {
        FAULT(&reader, "a rule file has at most %u bytes (split it)", NX_RULE_FILE_MAX);
        return;
    }
    reader.trial = trial_line(source->text);
    struct nx_str rest = nx_arena_dup(book->arena, source->text), line;
    for (reader.line = 1; nx_str_next_line(&rest, &line); reader.line++) {
        reader.column = 1;
        const char *bad = NULL;
        if (line.n > 0 && !g_utf8_validate(line.p, (gssize)line.n, &bad)) {
            reader.column = (size_t)(bad - line.p) + 1;
            FAULT(&reader, "not UTF-8, or a NUL byte (save the file as UTF-8)");
            continue;
        }
        read_line(&reader, line);
    }
    close_rule(&reader);
}
