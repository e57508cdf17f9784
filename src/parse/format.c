/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/format.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/latin.h"

struct reader { /* one file */
    struct nx_arena *arena;
    GString *faults;
    struct nx_str file;
    unsigned line;
    GArray *formats;             /* struct draft */
    GArray *common;              /* struct nx_line_rule */
    GArray *phrases;             /* struct phrase */
    GArray *hints;               /* struct nx_hint */
    GArray *words[NX_WORD_USES]; /* struct nx_str */
    bool in_common;
};

struct phrase {
    enum nx_phrase_kind kind;
    struct nx_template template;
};

struct draft {
    struct nx_format format;
    GArray *marks, *lines, *examples;
};

static const struct {
    const char *key;
    enum nx_line_kind line;
    enum nx_kind kind; /* KIND */
} line_keys[] = {
    {"begin", NX_LINE_BEGIN, 0},
    {"end", NX_LINE_END, 0},
    {"stop", NX_LINE_STOP, 0},
    {"heading", NX_LINE_HEADING, 0},
    {"item", NX_LINE_ITEM, 0},
    {"recipient", NX_LINE_RECIPIENT, 0},
    {"ahead", NX_LINE_AHEAD, 0},
    {"take", NX_LINE_TAKE, 0},
    {"diagnostic", NX_LINE_DIAGNOSTIC, 0},
    {"reporting", NX_LINE_REPORTING, 0},
    {"skip", NX_LINE_SKIP, 0},
    {"skip-paragraph", NX_LINE_SKIP_PARAGRAPH, 0},
    {"transcript", NX_LINE_TRANSCRIPT, 0},
    {"failed", NX_LINE_KIND, NX_KIND_FAILED},
    {"delayed", NX_LINE_KIND, NX_KIND_DELAYED},
    {"delivered", NX_LINE_KIND, NX_KIND_DELIVERED},
    {"state", NX_LINE_STATE, 0},
};

G_GNUC_PRINTF(3, 4) static void fault(struct reader *r, size_t column, const char *message, ...)
{
    va_list args;
    va_start(args, message);
    if (r->faults->len > 0)
        g_string_append_c(r->faults, '\n');
    g_string_append_printf(r->faults, "%.*s:%u:%zu: ", NX_FMT(r->file), r->line, column + 1);
    g_string_append_vprintf(r->faults, message, args);
    va_end(args);
}

static bool template_of(struct reader *r, struct nx_str value, size_t column, struct nx_template *ret)
{
    const char *what = NULL;
    size_t at = 0;
    if (nx_template_parse(r->arena, value, ret, &what, &at))
        return true;
    fault(r, column + at, "%s", what);
    return false;
}

/* The literal by which a template is found; it must be long enough to be filed. */
static bool findable(struct reader *r, const struct nx_template *template, bool at_start, size_t column)
{
    size_t before;
    struct nx_str literal = nx_template_literal(template, &before);
    if (literal.n >= NX_LIT_MIN && (!at_start || before == 0))
        return true;
    if (at_start && literal.n >= NX_LIT_MIN)
        fault(r, column, "a phrase must start with its longest literal (reorder it, or cut what stands before)");
    else
        fault(r, column, "no literal of %u bytes or more to find it by", NX_LIT_MIN);
    return false;
}

static struct draft *current(struct reader *r)
{
    return r->formats->len == 0 ? NULL : &g_array_index(r->formats, struct draft, r->formats->len - 1);
}

static void read_mark(struct reader *r, enum nx_mark_use use, struct nx_str value, size_t column)
{
    struct nx_mark mark = {.use = use};
    size_t blank = nx_str_chr(value, ' ');
    struct nx_str place = nx_str_sub(value, 0, blank), rest = nx_str_from(value, blank + 1);
    column += blank + 1;
    if (nx_str_eq(place, NX_STR("text"))) {
        mark.place = NX_MARK_TEXT;
    } else if (nx_str_eq(place, NX_STR("subject"))) {
        mark.place = NX_MARK_SUBJECT;
    } else if (nx_str_eq(place, NX_STR("from"))) {
        mark.place = NX_MARK_FROM;
    } else if (nx_str_eq(place, NX_STR("header"))) {
        size_t colon = nx_str_chr(rest, ':');
        mark.place = NX_MARK_HEADER;
        mark.field = nx_arena_dup(r->arena, nx_str_trim(nx_str_sub(rest, 0, colon)));
        if (colon == rest.n || colon == 0) {
            fault(r, column, "a header mark is 'header Name: template'");
            return;
        }
        rest = nx_str_trim(nx_str_from(rest, colon + 1));
    } else {
        fault(r, column - blank - 1, "a mark says where: text, subject, from or header, not '%.*s'", NX_FMT(place));
        return;
    }
    if (!template_of(r, rest, column, &mark.template))
        return;
    if (mark.place == NX_MARK_TEXT && !findable(r, &mark.template, true, column))
        return;
    g_array_append_val(current(r)->marks, mark);
}

static void open_format(struct reader *r, struct nx_str id, size_t column)
{
    for (size_t i = 0; i < id.n; i++)
        if (!nx_is_alnum((unsigned char)id.p[i]) && id.p[i] != '-' && id.p[i] != '.') {
            fault(r, column + i, "a format's id is letters, digits, '-' and '.'");
            break;
        }
    if (id.n == 0)
        fault(r, column, "a format needs an id");
    for (guint i = 0; i < r->formats->len; i++) {
        const struct nx_format *other = &g_array_index(r->formats, struct draft, i).format;
        if (nx_str_eq(other->id, id))
            fault(r, column, "format '%.*s' is there already (%.*s)", NX_FMT(id), NX_FMT(other->place));
    }
    struct draft draft = {
        .format = {.id = nx_arena_dup(r->arena, id),
                   .place = nx_arena_printf(r->arena, "%.*s:%u", NX_FMT(r->file), r->line),
                   .rank = 50,
                   .kind = NX_KIND_FAILED},
        .marks = g_array_new(FALSE, FALSE, sizeof(struct nx_mark)),
        .lines = g_array_new(FALSE, FALSE, sizeof(struct nx_line_rule)),
        .examples = g_array_new(FALSE, FALSE, sizeof(struct nx_str)),
    };
    g_array_append_val(r->formats, draft);
    r->in_common = false;
}

/* "... -> delayed" at the end of a template. */
static struct nx_str split_kind(struct reader *r, struct nx_str value, size_t column, struct nx_line_rule *rule)
{
    size_t at = nx_str_find(value, NX_STR(" -> "));
    if (at == value.n)
        return value;
    struct nx_str name = nx_str_trim(nx_str_from(value, at + 4));
    if (!nx_kind_parse(name, &rule->kind))
        return value; /* an arrow of the mail itself */
    if (rule->kind != NX_KIND_FAILED && rule->kind != NX_KIND_DELAYED && rule->kind != NX_KIND_DELIVERED &&
        rule->kind != NX_KIND_OTHER)
        fault(r, column + at + 4, "the kind is failed, delayed, delivered or other");
    rule->has_kind = true;
    return nx_str_trim(nx_str_sub(value, 0, at));
}

/* Lines of a format, or of the common part. */
static bool read_line_key(struct reader *r, struct nx_str key, struct nx_str value, size_t column)
{
    for (size_t i = 0; i < G_N_ELEMENTS(line_keys); i++) {
        if (!nx_str_eq(key, nx_str_of(line_keys[i].key)))
            continue;
        struct nx_line_rule rule = {.line = line_keys[i].line};
        if (rule.line == NX_LINE_KIND) {
            rule.has_kind = true;
            rule.kind = line_keys[i].kind;
        } else {
            value = split_kind(r, value, column, &rule);
        }
        if (!template_of(r, value, column, &rule.template))
            return true;
        bool who = nx_template_has(&rule.template, NX_CAPTURE_RECIPIENT) ||
                   nx_template_has(&rule.template, NX_CAPTURE_RECIPIENTS) || nx_template_has(&rule.template, NX_CAPTURE_NAME);
        if ((rule.line == NX_LINE_ITEM || rule.line == NX_LINE_RECIPIENT) && !who)
            fault(r, column, "'%.*s' must capture {recipient}, {recipients} or {name}", NX_FMT(key));
        else if (rule.line == NX_LINE_STATE && !r->in_common)
            fault(r, 2, "'state' is for all formats: it stands under 'common'");
        else if (rule.line == NX_LINE_REPORTING && !nx_template_has(&rule.template, NX_CAPTURE_HOST))
            fault(r, column, "'reporting' must capture {host}");
        else if (!r->in_common)
            g_array_append_val(current(r)->lines, rule);
        else if (rule.line == NX_LINE_KIND) {
            struct phrase phrase = {.kind = rule.kind == NX_KIND_FAILED    ? NX_PHRASE_FAILED
                                            : rule.kind == NX_KIND_DELAYED ? NX_PHRASE_DELAYED
                                                                           : NX_PHRASE_DELIVERED,
                                    .template = rule.template};
            if (findable(r, &rule.template, true, column))
                g_array_append_val(r->phrases, phrase);
        } else if (rule.line == NX_LINE_STATE && !rule.has_kind) {
            fault(r, column, "'state' says what became of a recipient: WORDS -> delivered");
        } else if (rule.line == NX_LINE_RECIPIENT || rule.line == NX_LINE_STATE || findable(r, &rule.template, false, column)) {
            g_array_append_val(r->common, rule);
        }
        return true;
    }
    return false;
}

/* Words of the head: "sender mailer-daemon", "subject delayed -> delayed", "answer * out of office". */
static bool read_hint(struct reader *r, struct nx_str key, struct nx_str value, size_t column)
{
    static const char *const keys[] = {"sender", "subject", "answer", "answer-hint", "absence", "challenge", "carrier"};
    size_t place = 0;
    while (place < G_N_ELEMENTS(keys) && !nx_str_eq(key, nx_str_of(keys[place])))
        place++;
    if (place == G_N_ELEMENTS(keys))
        return false;
    struct nx_line_rule rule = {.kind = NX_KIND_FAILED};
    struct nx_hint hint = {.place = (enum nx_hint_place)place};
    if (hint.place == NX_HINT_SUBJECT)
        value = split_kind(r, value, column, &rule);
    hint.anywhere = hint.place == NX_HINT_ANSWER && nx_str_istarts(value, NX_STR("* "));
    struct nx_page page;
    nx_page_one(&page, r->arena, nx_str_from(value, hint.anywhere ? 2 : 0));
    hint.kind = rule.kind;
    hint.literal = (struct nx_str){page.l, page.lines[0].to};
    if (hint.literal.n < NX_LIT_MIN)
        fault(r, column, "no literal of %u bytes or more to find it by", NX_LIT_MIN);
    else
        g_array_append_val(r->hints, hint);
    return true;
}

/* A word of one of the lists: "origin expanded from". */
static bool read_word(struct reader *r, struct nx_str key, struct nx_str value)
{
    static const char *const keys[NX_WORD_USES] = {"office", "condition", "summary", "origin", "successor", "reader",
                                                   "author", "everyday",  "daemon",  "forum",  "tag"};
    size_t use = 0;
    while (use < NX_WORD_USES && !nx_str_eq(key, nx_str_of(keys[use])))
        use++;
    if (use == NX_WORD_USES)
        return false;
    struct nx_page page;
    nx_page_one(&page, r->arena, value);
    struct nx_str word = {page.l, page.lines[0].to};
    g_array_append_val(r->words[use], word);
    return true;
}

/* A key of what holds for all formats. */
static void read_common_key(struct reader *r, struct nx_str key, struct nx_str value, size_t column)
{
    static const char *const not_common[] = {"begin", "heading", "item", "ahead", "take", "diagnostic", "reporting", "transcript"};
    for (size_t i = 0; i < G_N_ELEMENTS(not_common); i++)
        if (nx_str_eq(key, nx_str_of(not_common[i]))) {
            fault(r, 2, "'%s' belongs to one format, not to all", not_common[i]);
            return;
        }
    if (nx_str_eq(key, NX_STR("help"))) {
        struct phrase phrase = {.kind = NX_PHRASE_HELP};
        if (template_of(r, value, column, &phrase.template) && findable(r, &phrase.template, true, column))
            g_array_append_val(r->phrases, phrase);
        return;
    }
    if (!read_hint(r, key, value, column) && !read_word(r, key, value) && !read_line_key(r, key, value, column))
        fault(r, 2,
              "unknown key '%.*s' for all formats (known: end stop skip skip-paragraph recipient state failed delayed "
              "delivered help sender subject answer answer-hint absence challenge carrier office condition summary origin "
              "successor reader author everyday daemon forum tag)",
              NX_FMT(key));
}

static void read_rank(struct reader *r, struct draft *draft, struct nx_str value, size_t column)
{
    unsigned long long rank;
    if (!nx_str_to_u64(value, &rank) || rank > 99)
        fault(r, column, "a rank is 0 to 99 (lower is tried first; 50 where none is given)");
    else
        draft->format.rank = (unsigned)rank;
}

static void read_extent(struct reader *r, struct draft *draft, struct nx_str value, size_t column)
{
    static const char *const names[] = {"paragraph", "next", "indent", "line"};
    size_t i = 0;
    while (i < G_N_ELEMENTS(names) && !nx_str_eq(value, nx_str_of(names[i])))
        i++;
    if (i == G_N_ELEMENTS(names))
        fault(r, column, "a block is paragraph, next, indent or line");
    else
        draft->format.extent = (enum nx_extent)i;
}

static void read_key(struct reader *r, struct nx_str key, struct nx_str value, size_t column)
{
    if (r->in_common) {
        read_common_key(r, key, value, column);
        return;
    }
    struct draft *draft = current(r);
    if (draft == NULL) {
        fault(r, 0, "'%.*s' stands before any 'format ID' or 'common'", NX_FMT(key));
    } else if (nx_str_eq(key, NX_STR("mark"))) {
        read_mark(r, NX_MARK_ANY, value, column);
    } else if (nx_str_eq(key, NX_STR("need"))) {
        read_mark(r, NX_MARK_NEED, value, column);
    } else if (nx_str_eq(key, NX_STR("unless"))) {
        read_mark(r, NX_MARK_UNLESS, value, column);
    } else if (nx_str_eq(key, NX_STR("example"))) {
        struct nx_str example = nx_arena_dup(r->arena, value);
        g_array_append_val(draft->examples, example);
    } else if (nx_str_eq(key, NX_STR("domain"))) {
        draft->format.domain = nx_arena_dup(r->arena, value);
    } else if (nx_str_eq(key, NX_STR("certain"))) {
        draft->format.certain = nx_str_eq(value, NX_STR("yes"));
        if (!draft->format.certain)
            fault(r, column, "'certain' is followed by 'yes', or left out");
    } else if (nx_str_eq(key, NX_STR("rank"))) {
        read_rank(r, draft, value, column);
    } else if (nx_str_eq(key, NX_STR("block"))) {
        read_extent(r, draft, value, column);
    } else if (nx_str_eq(key, NX_STR("kind"))) {
        if (!nx_kind_parse(value, &draft->format.kind) || draft->format.kind > NX_KIND_DELIVERED)
            fault(r, column, "the kind is failed, delayed, delivered or other");
    } else if (nx_str_eq(key, NX_STR("note"))) {
        /* for people */
    } else if (!read_line_key(r, key, value, column)) {
        fault(r, 2,
              "unknown key '%.*s' (known: mark need unless rank certain block kind domain example note begin end stop heading "
              "item recipient ahead take diagnostic reporting skip skip-paragraph transcript failed delayed delivered)",
              NX_FMT(key));
    }
}

/* Words are also found as they are spelled without marks: "n'a pas pu etre remis", "Zustellung nicht moeglich". What all must hold,
 * and what is no words, stays. */
static void read_spellings(struct reader *r, struct nx_str key, struct nx_str value, size_t column)
{
    static const char *const as_written[] = {"need", "example", "domain", "certain", "rank", "block", "kind", "note"};
    size_t faults = r->faults->len;
    read_key(r, key, value, column);
    for (size_t i = 0; i < G_N_ELEMENTS(as_written); i++)
        if (nx_str_eq(key, nx_str_of(as_written[i])))
            return;
    size_t colon = nx_str_find(value, NX_STR(": {recipient}"));
    if (r->in_common && nx_str_eq(key, NX_STR("recipient")) && colon > 3 && colon + 13 == value.n &&
        nx_str_chr(value, '*') == value.n) {
        struct nx_str label = nx_str_trim(nx_str_sub(value, 0, colon)); /* in a cell of its own it has no colon */
        read_spellings(r, key, nx_arena_printf(r->arena, "%.*s {recipient}", NX_FMT(label)), column);
    }
    struct nx_str plain = nx_latin_plain_text(r->arena, value), german = nx_latin_german_text(r->arena, value);
    if (r->faults->len == faults && plain.p != value.p)
        read_key(r, key, plain, column);
    if (r->faults->len == faults && !nx_str_eq(german, plain))
        read_key(r, key, german, column);
}

static void read_file(struct reader *r, struct nx_str text)
{
    struct nx_str line;
    r->line = 0;
    r->in_common = false;
    guint first = r->formats->len;
    bool opened = false;
    while (nx_str_next_line(&text, &line)) {
        r->line++;
        struct nx_str body = nx_str_trim(line);
        if (body.n == 0 || body.p[0] == '#')
            continue;
        size_t indent = (size_t)(body.p - line.p), blank = nx_str_chr(body, ' ');
        struct nx_str key = nx_str_sub(body, 0, blank), value = nx_str_trim(nx_str_from(body, blank + 1));
        size_t column = value.n == 0 ? indent + body.n : (size_t)(value.p - line.p);
        if (!g_utf8_validate(line.p, (gssize)line.n, NULL)) {
            fault(r, 0, "not UTF-8");
        } else if (indent == 0 && nx_str_eq(key, NX_STR("format"))) {
            open_format(r, value, column);
            opened = true;
        } else if (indent == 0 && nx_str_eq(body, NX_STR("common"))) {
            r->in_common = opened = true;
        } else if (indent == 0) {
            fault(r, 0,
                  "'%.*s' at the start of a line: only 'format ID', 'common' and comments stand there (indent keys by two blanks)",
                  NX_FMT(key));
        } else if (!opened) {
            fault(r, indent, "'%.*s' stands before any 'format ID' or 'common'", NX_FMT(key));
        } else if (value.n == 0) {
            fault(r, indent, "'%.*s' needs a value", NX_FMT(key));
        } else {
            read_spellings(r, key, value, column);
        }
    }
    for (guint i = first; i < r->formats->len; i++) {
        const struct draft *draft = &g_array_index(r->formats, struct draft, i);
        bool any = false;
        for (guint k = 0; k < draft->marks->len; k++)
            any |= g_array_index(draft->marks, struct nx_mark, k).use == NX_MARK_ANY;
        if (!any) {
            g_string_append_printf(r->faults, "%s%.*s:1: format '%.*s' has no mark", r->faults->len > 0 ? "\n" : "",
                                   NX_FMT(draft->format.place), NX_FMT(draft->format.id));
        }
    }
}

static const void *keep(struct nx_arena *arena, const GArray *array, size_t size, size_t *ret_n)
{
    *ret_n = array->len;
    void *copy = nx_arena_array(arena, array->len, size);
    if (array->len > 0)
        memcpy(copy, array->data, array->len * size);
    return copy;
}

static int by_rank(const void *a, const void *b)
{
    const struct nx_format *x = a, *y = b;
    return x->rank < y->rank ? -1 : x->rank > y->rank ? 1 : nx_str_cmp(x->id, y->id);
}

static void file_unit(struct nx_lit_set *literals, struct nx_unit *units, size_t *n, struct nx_unit unit)
{
    size_t before;
    struct nx_str literal = nx_template_literal(unit.template, &before);
    units[*n] = unit;
    nx_lit_set_add(literals, literal, (unsigned)*n);
    (*n)++;
}

/* Everything that is looked for in the text goes into one set of literals. */
static void seal(struct nx_formats *formats, const struct reader *r)
{
    size_t size = r->common->len + r->phrases->len, n = 0;
    for (size_t i = 0; i < formats->n; i++)
        size += formats->p[i].n_marks;
    struct nx_unit *units = nx_arena_array(formats->arena, size, sizeof *units);
    for (size_t i = 0; i < formats->n; i++)
        for (size_t k = 0; k < formats->p[i].n_marks; k++) {
            const struct nx_mark *mark = &formats->p[i].marks[k];
            if (mark->place == NX_MARK_TEXT)
                file_unit(formats->literals, units, &n,
                          (struct nx_unit){.type = NX_UNIT_MARK, .bit = mark->unit, .template = &mark->template});
        }
    const struct nx_line_rule *common = keep(formats->arena, r->common, sizeof *common, &size);
    struct nx_line_rule *labels = nx_arena_array(formats->arena, size, sizeof *labels);
    struct nx_line_rule *states = nx_arena_array(formats->arena, size, sizeof *states);
    for (size_t i = 0; i < size; i++) {
        if (common[i].line == NX_LINE_RECIPIENT)
            labels[formats->n_labels++] = common[i];
        else if (common[i].line == NX_LINE_STATE)
            states[formats->n_states++] = common[i];
        else
            file_unit(formats->literals, units, &n,
                      (struct nx_unit){.type = NX_UNIT_LINE, .line = &common[i], .template = &common[i].template});
    }
    const struct phrase *phrases = keep(formats->arena, r->phrases, sizeof *phrases, &size);
    for (size_t i = 0; i < size; i++)
        file_unit(formats->literals, units, &n,
                  (struct nx_unit){.type = NX_UNIT_PHRASE, .phrase = phrases[i].kind, .template = &phrases[i].template});
    nx_lit_set_seal(formats->literals);
    formats->hints = keep(formats->arena, r->hints, sizeof *formats->hints, &formats->n_hints);
    for (size_t i = 0; i < formats->n_hints; i++)
        nx_lit_set_add(formats->hint_literals, formats->hints[i].literal, (unsigned)i);
    nx_lit_set_seal(formats->hint_literals);
    for (size_t i = 0; i < NX_WORD_USES; i++)
        formats->words[i].p = keep(formats->arena, r->words[i], sizeof(struct nx_str), &formats->words[i].n);
    formats->labels = labels;
    formats->states = states;
    formats->units = units;
    formats->n_units = n;
}

struct nx_formats *nx_formats_new(const struct nx_format_source *sources, size_t n, GError **error)
{
    struct nx_formats *formats = g_new0(struct nx_formats, 1);
    formats->arena = nx_arena_new();
    formats->literals = nx_lit_set_new();
    formats->hint_literals = nx_lit_set_new();
    struct reader r = {.arena = formats->arena,
                       .faults = g_string_new(NULL),
                       .formats = g_array_new(FALSE, FALSE, sizeof(struct draft)),
                       .common = g_array_new(FALSE, FALSE, sizeof(struct nx_line_rule)),
                       .phrases = g_array_new(FALSE, FALSE, sizeof(struct phrase)),
                       .hints = g_array_new(FALSE, FALSE, sizeof(struct nx_hint))};
    for (size_t i = 0; i < NX_WORD_USES; i++)
        r.words[i] = g_array_new(FALSE, FALSE, sizeof(struct nx_str));
    for (size_t i = 0; i < n; i++) {
        r.file = sources[i].name;
        read_file(&r, sources[i].text);
    }
    struct nx_format *list = nx_arena_array(formats->arena, r.formats->len, sizeof *list);
    formats->n = r.formats->len;
    for (guint i = 0; i < r.formats->len; i++) {
        struct draft *draft = &g_array_index(r.formats, struct draft, i);
        struct nx_mark *marks = (struct nx_mark *)(void *)draft->marks->data;
        for (guint k = 0; k < draft->marks->len; k++)
            if (marks[k].place == NX_MARK_TEXT)
                marks[k].unit = formats->n_bits++;
        list[i] = draft->format;
        list[i].marks = keep(formats->arena, draft->marks, sizeof(struct nx_mark), &list[i].n_marks);
        list[i].lines = keep(formats->arena, draft->lines, sizeof(struct nx_line_rule), &list[i].n_lines);
        list[i].examples = keep(formats->arena, draft->examples, sizeof(struct nx_str), &list[i].n_examples);
        g_array_unref(draft->marks);
        g_array_unref(draft->lines);
        g_array_unref(draft->examples);
    }
    if (formats->n > 1)
        qsort(list, formats->n, sizeof *list, by_rank);
    formats->p = list;
    seal(formats, &r);
    if (r.faults->len > 0) {
        g_set_error_literal(error, NX_ERROR, NX_ERROR_SYNTAX, r.faults->str);
        nx_formats_free(formats);
        formats = NULL;
    }
    g_string_free(r.faults, TRUE);
    g_array_unref(r.formats);
    g_array_unref(r.common);
    g_array_unref(r.phrases);
    g_array_unref(r.hints);
    for (size_t i = 0; i < NX_WORD_USES; i++)
        g_array_unref(r.words[i]);
    return formats;
}

void nx_formats_free(struct nx_formats *formats)
{
    if (formats == NULL)
        return;
    nx_lit_set_free(formats->literals);
    nx_lit_set_free(formats->hint_literals);
    nx_arena_free(formats->arena);
    g_free(formats);
}

size_t nx_formats_count(const struct nx_formats *formats)
{
    return formats->n;
}
