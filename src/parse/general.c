/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/walk.h"

#include "base/ascii.h"
#include "parse/address.h"

#define NEAR 3u /* paragraphs behind a sentence that may hold the list of addresses it speaks of */

struct reading {
    const struct nx_formats *formats;
    const struct nx_scan *scan;
    const struct nx_mail *mail;
    struct nx_blocks *blocks;
    size_t *starts; /* line where the words of block i start */
    size_t starts_size;
};

/* Nobody writes to these on purpose; they stand in reports for other reasons. */
static bool is_office(struct nx_str address)
{
    static const char *const offices[] = {"postmaster", "mailer-daemon", "abuse",    "hostmaster", "support",      "helpdesk",
                                          "help",       "noreply",       "no-reply", "donotreply", "do-not-reply", "mailerdaemon"};
    size_t at = nx_str_chr(address, '@');
    for (size_t i = 0; i < G_N_ELEMENTS(offices); i++)
        if (nx_str_ieq(nx_str_sub(address, 0, at), nx_str_of(offices[i])))
            return true;
    return false;
}

/* Sender and addressee of the report itself. */
static bool is_party(const struct nx_mail *mail, struct nx_str address)
{
    static const char *const names[] = {"From", "To", "Cc", "Return-Path", "Sender", "Reply-To"};
    for (size_t i = 0; i < mail->fields.n; i++)
        for (size_t k = 0; k < G_N_ELEMENTS(names); k++) {
            if (!nx_str_ieq(mail->fields.p[i].name, nx_str_of(names[k])))
                continue;
            struct nx_str party;
            size_t at = 0;
            while (nx_address_find(mail->fields.p[i].value, &at, &party))
                if (nx_str_ieq(party, address))
                    return true;
        }
    return false;
}

static bool is_line_of_words(const struct nx_scan *scan, size_t line)
{
    return !nx_page_blank(&scan->page, line) && scan->flags[line] == 0 &&
           (scan->page.s[scan->page.lines[line].from] != '>' || nx_transcript_line(nx_page_line(&scan->page, line)));
}

/* Is an address at this place of the page spoken of as help, sender or the like? From the start of its sentence to its end. */
static bool is_help(const struct nx_scan *scan, size_t at, size_t end)
{
    const struct nx_page *page = &scan->page;
    size_t from = at, to = end;
    while (from > 0 && at - from < 160) {
        if ((page->s[from - 1] == '\n' && from > 1 && page->s[from - 2] == '\n') ||
            (page->s[from - 1] == ' ' && from > 1 && strchr(".!?;", page->s[from - 2]) != NULL))
            break;
        from--;
    }
    while (to < page->n && to - end < 80 && page->s[to] != '.' &&
           !(page->s[to] == '\n' && to + 1 < page->n && page->s[to + 1] == '\n'))
        to++;
    for (size_t i = 0; i < scan->n_phrases; i++)
        if (scan->phrases[i].kind == NX_PHRASE_HELP && scan->phrases[i].from >= from && scan->phrases[i].to <= to)
            return true;
    return false;
}

/* Lines of a summary ("Message-ID: <...>", "From: ..."): addresses there are not those that failed. */
static bool is_summary(struct nx_str line)
{
    static const char *const names[] = {
        "message-id:", "from:",        "sender:", "reply-to:", "return-path:", "received:", "cc:",         "x-",
        "mail from:",  "return path:", "subject:", "date:", "von:",    "de:",       "da:",          "van:",      "отправитель:"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (nx_str_istarts(line, nx_str_of(names[i])))
            return true;
    return false;
}

/* A long address cut by the end of a line: its whole form stands elsewhere in the report. */
static bool is_cut(const struct nx_blocks *blocks, struct nx_str address)
{
    for (size_t i = 0; i < blocks->n; i++)
        if (blocks->p[i].out.recipient.n > address.n && nx_str_istarts(blocks->p[i].out.recipient, address))
            return true;
    return false;
}

/* Is the address one of the recipients now? */
static bool add(struct reading *r, struct nx_str address, size_t line, bool item)
{
    size_t at = (size_t)(address.p - r->scan->page.s);
    if (is_party(r->mail, address) || is_cut(r->blocks, address) || is_summary(nx_page_line(&r->scan->page, line)) ||
        (!item && (is_office(address) || is_help(r->scan, at, at + address.n))))
        return false;
    size_t before = r->blocks->n;
    if (nx_blocks_add(r->blocks, address, NX_STR_NONE) == NULL)
        return false;
    if (r->blocks->n == before)
        return true;
    if (before >= r->starts_size) {
        size_t size = r->starts_size == 0 ? 8 : r->starts_size * 2;
        size_t *starts = nx_arena_array(r->blocks->arena, size, sizeof *starts);
        if (before > 0)
            memcpy(starts, r->starts, before * sizeof *starts);
        r->starts = starts;
        r->starts_size = size;
    }
    r->starts[before] = line;
    return true;
}

static size_t paragraph_start(const struct nx_scan *scan, size_t line)
{
    while (line > 0 && !nx_page_blank(&scan->page, line - 1))
        line--;
    return line;
}

static size_t paragraph_end(const struct nx_scan *scan, size_t line)
{
    while (line < scan->last && !nx_page_blank(&scan->page, line))
        line++;
    return line;
}

/* Lines that start with an address, in one paragraph; how many of them are recipients. */
static size_t add_items(struct reading *r, size_t from, size_t to)
{
    size_t found = 0, taken = 0;
    uint32_t indent = 0;
    bool prose = false;
    for (size_t i = from; i < to; i++) {
        struct nx_str address, rest, line = nx_page_line(&r->scan->page, i);
        if (!is_line_of_words(r->scan, i) || (found > 0 && r->scan->page.lines[i].indent > indent))
            continue;
        if (!nx_walk_item(line, &address, &rest)) {
            prose |= !is_summary(line);
            continue;
        }
        if (found == 0 && prose) /* a sentence was wrapped in front of the address */
            continue;
        indent = r->scan->page.lines[i].indent;
        found++;
        taken += add(r, address, i, true);
    }
    return taken;
}

/* "<address>: reason" */
static bool is_labelled_item(struct nx_str line, struct nx_str address)
{
    size_t start = (size_t)(address.p - line.p), end = start + address.n;
    while (start > 0 && (line.p[start - 1] == '<' || line.p[start - 1] == '"'))
        start--;
    while (end < line.n && (line.p[end] == '>' || line.p[end] == '"'))
        end++;
    return start == 0 && end < line.n && line.p[end] == ':';
}

/* The next paragraph behind `line`, if it starts with "<address>:"; else the end. */
static size_t next_labelled(const struct nx_scan *scan, size_t line)
{
    struct nx_str address;
    size_t at = 0;
    while (line < scan->last && nx_page_blank(&scan->page, line))
        line++;
    if (line >= scan->last)
        return scan->last;
    struct nx_str text = nx_page_line(&scan->page, line);
    return nx_address_find(text, &at, &address) && is_labelled_item(text, address) ? line : scan->last;
}

/* Addresses in the paragraph that tells of the failure, else in the list behind it, else in the line before it. */
static void add_near(struct reading *r, size_t line)
{
    const struct nx_scan *scan = r->scan;
    size_t from = paragraph_start(scan, line), to = paragraph_end(scan, line), before = r->blocks->n, taken = 0;
    for (size_t i = from; i < to; i++) {
        struct nx_str text = nx_page_line(&scan->page, i), address;
        size_t at = 0;
        bool first = true;
        while (is_line_of_words(scan, i) && nx_address_find(text, &at, &address)) {
            size_t start = (size_t)(address.p - text.p);
            bool quoted = !first && r->blocks->n > before && start > 0 &&
                          text.p[start - 1] == '<'; /* "<sender> rejected" inside the reason */
            if (!quoted)
                taken += add(r, address, i, is_labelled_item(text, address));
            first = false;
        }
    }
    for (unsigned k = 0; k < NEAR && taken == 0 && to < scan->last; k++) {
        while (to < scan->last && nx_page_blank(&scan->page, to))
            to++;
        size_t end = paragraph_end(scan, to);
        taken += add_items(r, to, end);
        to = end;
    }
    while (taken > 0 && (to = next_labelled(scan, to)) < scan->last) { /* one paragraph each, as qmail has it */
        (void)add_items(r, to, to + 1);
        to = paragraph_end(scan, to);
    }
    if (taken == 0 && from > 1) {
        size_t end = from - 1;
        while (end > 0 && nx_page_blank(&scan->page, end))
            end--;
        (void)add_items(r, paragraph_start(scan, end), end + 1);
    }
}

static void add_labelled(struct reading *r)
{
    const struct nx_page *page = &r->scan->page;
    for (size_t i = 0; i < r->scan->last; i++) {
        if (nx_page_blank(page, i))
            continue;
        for (size_t k = 0; k < r->formats->n_labels; k++) {
            size_t end;
            struct nx_captures captures;
            if (!nx_template_match(&r->formats->labels[k].template, page, page->lines[i].from, &end, &captures) ||
                captures.at[NX_CAPTURE_RECIPIENT].n == 0)
                continue;
            (void)add(r, captures.at[NX_CAPTURE_RECIPIENT], i, true);
            break;
        }
    }
}

/* Every line to the recipient it stands under; all of them to the only one. */
static void give_words(struct reading *r)
{
    struct nx_blocks *blocks = r->blocks;
    size_t first = r->scan->last;
    for (size_t i = 0; i < blocks->n; i++)
        if (r->starts[i] < first)
            first = r->starts[i];
    for (size_t line = 0; line < r->scan->last; line++) {
        if (!is_line_of_words(r->scan, line))
            continue;
        struct nx_str words = nx_page_line(&r->scan->page, line);
        struct nx_block *owner = NULL;
        if (blocks->n > 1 && line >= first) {
            size_t best = 0;
            bool shared = false;
            for (size_t i = 0; i < blocks->n; i++)
                if (r->starts[i] <= line && (owner == NULL || r->starts[i] >= best)) {
                    shared = owner != NULL && r->starts[i] == best; /* several on one line */
                    best = r->starts[i];
                    owner = &blocks->p[i];
                }
            if (shared)
                owner = NULL;
        }
        nx_block_say(blocks, owner, words);
    }
}

/* Mail of a list or a tracker tells of failures that others had. */
static bool is_list_mail(const struct nx_mail *mail)
{
    struct nx_str from = nx_fields_get(mail->fields, "From");
    bool listed = nx_fields_get(mail->fields, "List-Id").n > 0 || nx_fields_get(mail->fields, "List-Post").n > 0 ||
                  nx_fields_get(mail->fields, "X-Bugzilla-Type").n > 0;
    return listed && !nx_str_ihas(from, NX_STR("mailer-daemon")) && !nx_str_ihas(from, NX_STR("postmaster"));
}

bool nx_walk_general(const struct nx_formats *formats, const struct nx_scan *scan, const struct nx_mail *mail,
                     struct nx_blocks *blocks)
{
    struct reading r = {.formats = formats, .scan = scan, .mail = mail, .blocks = blocks};
    bool failed = false, delayed = false, delivered = false;
    if (is_list_mail(mail))
        return false;
    for (size_t i = 0; i < scan->n_phrases; i++) {
        const struct nx_phrase_hit *hit = &scan->phrases[i];
        size_t line = nx_page_line_at(&scan->page, hit->from);
        if (hit->kind == NX_PHRASE_HELP || line >= scan->last || nx_scan_is(scan, line, NX_LINE_SKIP) ||
            nx_scan_is(scan, line, NX_LINE_SKIP_PARAGRAPH))
            continue;
        failed |= hit->kind == NX_PHRASE_FAILED;
        delayed |= hit->kind == NX_PHRASE_DELAYED;
        delivered |= hit->kind == NX_PHRASE_DELIVERED;
        if (hit->kind != NX_PHRASE_DELIVERED)
            add_near(&r, line);
    }
    size_t dialogue = scan->last, dialogue_end = 0;
    unsigned dialogue_lines = 0;
    for (size_t i = 0; i < scan->last; i++)
        if (nx_transcript_line(nx_page_line(&scan->page, i))) {
            dialogue = dialogue < i ? dialogue : i;
            dialogue_end = i + 1;
            dialogue_lines++;
        }
    bool talked = dialogue_lines >= 2;
    if (failed || delayed || talked)
        add_labelled(&r);
    if (blocks->n > 0)
        give_words(&r);
    if (talked)
        nx_transcript_read(blocks, &scan->page, dialogue, dialogue_end);
    if (blocks->n == 0 && (failed || delayed))
        give_words(&r);
    if (delayed) {
        blocks->has_kind = true;
        blocks->kind = NX_KIND_DELAYED;
    } else if (!failed && delivered) {
        blocks->has_kind = true;
        blocks->kind = NX_KIND_DELIVERED;
    }
    return failed || delayed || blocks->n > 0;
}
