/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/general.h"

#include "base/ascii.h"
#include "parse/address.h"
#include "parse/reply.h"

#define CUT 64u /* bytes of an address that the end of a line may have cut off */
#define NEAR 3u /* paragraphs behind a sentence that may hold the list of addresses it speaks of */

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

/* Where the sentence that holds this place of the page starts. */
static size_t sentence_start(const struct nx_page *page, size_t at)
{
    size_t from = at;
    while (from > 0 && at - from < 160) {
        if ((page->s[from - 1] == '\n' && from > 1 && page->s[from - 2] == '\n') ||
            (page->s[from - 1] == ' ' && from > 1 && strchr(".!?;", page->s[from - 2]) != NULL))
            break;
        from--;
    }
    return from;
}

/* "If a message to ... could not be delivered": it tells of none that was. */
static bool is_condition(const struct nx_page *page, size_t at)
{
    static const char *const words[] = {"if ",    "whenever ", "should ", "wenn ",  "falls ", "sollte ", "si un ",
                                        "si le ", "si la ",    "se un ",  "se il ", "se a ",  "se o ",   "indien ",
                                        "hvis ",  "jeśli ",    "jeżeli ", "pokud ", "если ",  "якщо "};
    size_t from = sentence_start(page, at);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (nx_str_istarts((struct nx_str){page->l + from, at - from}, nx_str_of(words[i])))
            return true;
    return false;
}

/* Is an address at this place of the page spoken of as help, sender or the like? From the start of its sentence to its end. */
static bool is_help(const struct nx_scan *scan, size_t at, size_t end)
{
    const struct nx_page *page = &scan->page;
    size_t from = sentence_start(page, at), to = end;
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
        "message-id:",  "from:",    "sender:", "reply-to:", "return-path:", "received:", "cc:",  "x-",          "mail from:",
        "return path:", "subject:", "date:",   "von:",      "de:",          "da:",       "van:", "отправитель:"};
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

/* Do words of the list stand right before the address? */
static bool is_led_by(const struct nx_general *r, struct nx_str address, const char *const *words, size_t n)
{
    const struct nx_page *page = &r->scan->page;
    size_t end = (size_t)(address.p - page->s);
    while (end > 0 && strchr(" \n<\"'(:", page->s[end - 1]) != NULL)
        end--;
    for (size_t i = 0; i < n; i++)
        if (nx_str_iends((struct nx_str){page->s, end}, nx_str_of(words[i])))
            return true;
    return false;
}

/* "(expanded from: <address>)": who was mailed, not who failed. */
static bool is_origin(const struct nx_general *r, struct nx_str address)
{
    static const char *const words[] = {"expanded from",      "generated from",  "forwarded from",   "forwarded by",
                                        "redirected from",    "originally to",   "original address", "alias of",
                                        "alias for",          "erzeugt aus",     "generiert aus",    "weitergeleitet von",
                                        "généré à partir de", "généré depuis",   "generado desde",   "generado a partir de",
                                        "generato da",        "gegenereerd van", "создано из"};
    return is_led_by(r, address, words, G_N_ELEMENTS(words));
}

/* "The new address is ...": where to write now. */
static bool is_successor(const struct nx_general *r, struct nx_str address)
{
    static const char *const words[] = {"new address is",       "new address",        "new e-mail address is",
                                        "new email address is", "new email",          "moved to",
                                        "changed to",           "please use",         "now use",
                                        "replaced by",          "neue adresse",       "neue adresse lautet",
                                        "neue e-mail-adresse",  "nouvelle adresse",   "nouvelle adresse est",
                                        "nueva dirección",      "nueva dirección es", "nuovo indirizzo",
                                        "novo endereço",        "nieuwe adres",       "nieuwe e-mailadres"};
    return is_led_by(r, address, words, G_N_ELEMENTS(words));
}

/* "Dear ...": who reads it. */
static bool is_greeted(const struct nx_general *r, struct nx_str address)
{
    static const char *const words[] = {"dear",    "hello", "sorry", "hi",  "hello,", "hallo",
                                        "bonjour", "hola",  "ciao",  "olá", "hej",    "hei"};
    return is_led_by(r, address, words, G_N_ELEMENTS(words));
}

/* "A message from ... to you": who wrote it. */
static bool is_author(const struct nx_general *r, struct nx_str address)
{
    static const char *const words[] = {"message from",  "mail from",  "email from",   "sent from",    "sent by",
                                        "nachricht von", "e-mail von", "mail von",     "message de",   "courriel de",
                                        "mensaje de",    "correo de",  "messaggio di", "messaggio da", "mensagem de",
                                        "bericht van",   "письмо от",  "сообщение от", "wiadomość od"};
    return is_led_by(r, address, words, G_N_ELEMENTS(words));
}

/* Does it stand behind a reply code, in the words of a server? They name senders and helpers too. */
static bool is_in_reply(const struct nx_general *r, size_t at, size_t line)
{
    const struct nx_page *page = &r->scan->page;
    for (size_t i = page->lines[line].from; i + 4 < at; i++)
        if ((page->s[i] == '4' || page->s[i] == '5') && nx_is_digit((unsigned char)page->s[i + 1]) &&
            nx_is_digit((unsigned char)page->s[i + 2]) && (page->s[i + 3] == ' ' || page->s[i + 3] == '-') &&
            (i == page->lines[line].from || page->s[i - 1] == ' '))
            return true;
    return false;
}

/* "<somebo" LF "dy@example.net>": an address that the end of a line cut in two is one again, if it is enclosed. */
static struct nx_str made_whole(const struct nx_general *r, struct nx_str address)
{
    const struct nx_page *page = &r->scan->page;
    size_t from = (size_t)(address.p - page->s), to = from + address.n, start = from, end = to;
    if (start > 1 && page->s[start - 1] == '\n' && to < page->n && page->s[to] == '>') {
        start--;
        while (start > 0 && from - start < CUT && (nx_is_atext((unsigned char)page->s[start - 1]) || page->s[start - 1] == '.'))
            start--;
    } else if (start > 0 && page->s[start - 1] == '<' && to < page->n && page->s[to] == '\n') {
        end++;
        while (end < page->n && end - to < CUT &&
               (nx_is_alnum((unsigned char)page->s[end]) || page->s[end] == '.' || page->s[end] == '-'))
            end++;
    }
    bool enclosed = start > 0 && page->s[start - 1] == '<' && end < page->n && page->s[end] == '>';
    struct nx_str head = start < from ? nx_str_sub((struct nx_str){page->s, page->n}, start, from - 1) : NX_STR_NONE;
    struct nx_str tail = end > to ? nx_str_sub((struct nx_str){page->s, page->n}, to + 1, end) : NX_STR_NONE;
    return enclosed && head.n + tail.n > 0
               ? nx_arena_printf(r->blocks->arena, "%.*s%.*s%.*s", NX_FMT(head), NX_FMT(address), NX_FMT(tail))
               : address;
}

/* Is the address one of the recipients now? */
static bool add(struct nx_general *r, struct nx_str address, size_t line, bool item)
{
    size_t at = (size_t)(address.p - r->scan->page.s);
    if ((is_party(r->mail, address) && !(item && r->lenient)) || is_cut(r->blocks, address) ||
        is_summary(nx_page_line(&r->scan->page, line)) ||
        (!item && (is_office(address) || is_help(r->scan, at, at + address.n) || (is_in_reply(r, at, line) && !r->lenient))))
        return false;
    if (is_successor(r, address) || is_author(r, address) ||
        (!item && (is_greeted(r, address) || is_condition(&r->scan->page, at))))
        return false;
    if (is_origin(r, address)) {
        if (r->blocks->n > 0 && r->blocks->p[r->blocks->n - 1].out.original_recipient.n == 0)
            r->blocks->p[r->blocks->n - 1].out.original_recipient = address;
        return false;
    }
    size_t before = r->blocks->n;
    struct nx_block *block = nx_blocks_add(r->blocks, made_whole(r, address), NX_STR_NONE);
    if (block == NULL)
        return false;
    if (r->blocks->n == before) /* who got it is no sign that the list of those who did not was found */
        return !block->has_kind || block->out.kind != NX_KIND_DELIVERED;
    block->has_kind = nx_fate_of_row(r, address, line, &block->out.kind);
    if (!block->has_kind && r->told == NX_KIND_DELIVERED) {
        block->has_kind = true;
        block->out.kind = NX_KIND_DELIVERED;
    }
    if (before >= r->starts_size) {
        size_t size = r->starts_size == 0 ? 8 : r->starts_size * 2;
        struct nx_general_start *starts = nx_arena_array(r->blocks->arena, size, sizeof *starts);
        if (before > 0)
            memcpy(starts, r->starts, before * sizeof *starts);
        r->starts = starts;
        r->starts_size = size;
    }
    r->starts[before] = (struct nx_general_start){line, r->told};
    return true;
}

/* Lines that start with an address, in one paragraph; how many of them are recipients. */
static size_t add_items(struct nx_general *r, size_t from, size_t to)
{
    size_t found = 0, taken = 0;
    uint32_t indent = 0;
    bool prose = false;
    for (size_t i = from; i < to; i++) {
        struct nx_str address, rest, line = nx_page_line(&r->scan->page, i);
        if (!is_line_of_words(r->scan, i) || (found > 0 && r->scan->page.lines[i].indent > indent))
            continue;
        if (!nx_walk_item(line, &address, &rest)) {
            prose |= !is_summary(line) && line.p[line.n - 1] != ':'; /* "Failed recipients:" is a heading */
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

/* "<address>: reason", or "<address>" and nothing else on the line. */
static bool is_labelled_item(struct nx_str line, struct nx_str address)
{
    size_t start = (size_t)(address.p - line.p), end = start + address.n;
    if (start == 1 && line.p[0] == '<' && end + 1 == line.n && line.p[end] == '>')
        return true;
    while (start > 0 && (line.p[start - 1] == '<' || line.p[start - 1] == '"'))
        start--;
    while (end < line.n && (line.p[end] == '>' || line.p[end] == '"'))
        end++;
    return start == 0 && end < line.n && line.p[end] == ':';
}

/* The next paragraph at or behind `line` that starts with "<address>:". */
static size_t next_reason(const struct nx_scan *scan, size_t line)
{
    for (; line < scan->last; line = nx_paragraph_end(scan, line)) {
        struct nx_str address;
        size_t at = 0;
        while (line < scan->last && nx_page_blank(&scan->page, line))
            line++;
        if (line >= scan->last)
            break;
        struct nx_str text = nx_page_line(&scan->page, line);
        if (nx_address_find(text, &at, &address) && is_labelled_item(text, address))
            return line;
    }
    return scan->last;
}

/* The paragraph right behind that starts with a list item like the first line of this one: deeper than the text, or behind a
 * bullet or number; else the end. */
static size_t next_item(const struct nx_general *r, size_t line)
{
    const struct nx_page *page = &r->scan->page;
    size_t next = nx_paragraph_end(r->scan, line);
    struct nx_str first, second, rest;
    while (next < r->scan->last && nx_page_blank(page, next))
        next++;
    if (next >= r->scan->last || page->lines[next].indent != page->lines[line].indent ||
        !nx_walk_item(nx_page_line(page, line), &first, &rest) || !nx_walk_item(nx_page_line(page, next), &second, &rest))
        return r->scan->last;
    size_t before = (size_t)(second.p - page->s) - page->lines[next].from;
    return page->lines[next].indent > 0 || (before > 0 && before == (size_t)(first.p - page->s) - page->lines[line].from)
               ? next
               : r->scan->last;
}

/* Does the paragraph hold a refusal in SMTP terms: "#5.1.1", "550 ..."? Where the subject says nothing, numbers are not enough:
 * lists of quarantined mail have them. */
static bool has_code(const struct nx_general *r, size_t from, size_t to)
{
    const struct nx_page *page = &r->scan->page;
    struct nx_reply reply;
    nx_reply_read(r->blocks->arena,
                  (struct nx_str){page->s + page->lines[from].from, page->lines[to - 1].to - page->lines[from].from}, &reply);
    return (reply.code >= 400 && r->hints->subject) || (reply.status.n > 0 && reply.status.p[0] >= '4');
}

/* The paragraph that starts with "<address>: reason", and the lines of its form in it: nobody but a recipient stands so. */
static void add_reason(struct nx_general *r, size_t from)
{
    const struct nx_page *page = &r->scan->page;
    size_t to = nx_paragraph_end(r->scan, from);
    bool coded = has_code(r, from, to);
    for (size_t i = from; i < to; i++) {
        struct nx_str address, line = nx_page_line(page, i);
        size_t at = 0;
        if (is_line_of_words(r->scan, i) && page->lines[i].indent == page->lines[from].indent &&
            nx_address_find(line, &at, &address) && is_labelled_item(line, address))
            r->refused |= add(r, address, i, true) && coded;
    }
}

/* Is the paragraph before this one a summary of the mail that failed, with a line "To:"? Those who failed follow by name;
 * add_addressees() has the rest. */
static bool is_headed(const struct nx_general *r, size_t line)
{
    const struct nx_page *page = &r->scan->page;
    while (line > 0 && nx_page_blank(page, line - 1))
        line--;
    bool to = false, others = false;
    for (; line > 0 && !nx_page_blank(page, line - 1); line--) {
        struct nx_str text = nx_page_line(page, line - 1);
        to |= nx_str_istarts(text, NX_STR("to:"));
        others |= is_summary(text);
    }
    return to && others;
}

/* Addresses in the paragraph that tells of the failure, else in the list behind it, else in the line before it. */
static void add_near(struct nx_general *r, size_t line)
{
    const struct nx_scan *scan = r->scan;
    size_t from = nx_paragraph_start(scan, line), to = nx_paragraph_end(scan, line), before = r->blocks->n, taken = 0;
    if (next_reason(scan, from) == from) { /* who else is named there stands in the server's words */
        add_reason(r, from);
        return;
    }
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
    /* no heading: the list behind it may be about something else */
    if (taken == 0 && scan->page.s[scan->page.lines[to - 1].to - 1] != ':')
        r->told = NX_KIND_OTHER;
    for (unsigned k = 0; k < NEAR && taken == 0 && to < scan->last; k++) {
        while (to < scan->last && nx_page_blank(&scan->page, to))
            to++;
        size_t end = nx_paragraph_end(scan, to), list = to;
        taken += add_items(r, to, end);
        to = end;
        while (taken > 0 && (list = next_item(r, list)) < scan->last) {
            to = nx_paragraph_end(scan, list);
            (void)add_items(r, list, to);
        }
    }
    if (taken == 0 && from > 1 && !is_headed(r, from)) {
        size_t end = from - 1;
        while (end > 0 && nx_page_blank(&scan->page, end))
            end--;
        (void)add_items(r, nx_paragraph_start(scan, end), end + 1);
    }
}

static void add_labelled(struct nx_general *r)
{
    const struct nx_page *page = &r->scan->page;
    for (size_t i = 0; i < r->scan->last; i++) {
        struct nx_str line = nx_page_line(page, i);
        if (nx_str_chr(line, '@') == line.n)
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
static void give_words(struct nx_general *r)
{
    struct nx_blocks *blocks = r->blocks;
    size_t first = r->scan->last;
    for (size_t i = 0; i < blocks->n; i++)
        if (r->starts[i].line < first)
            first = r->starts[i].line;
    for (size_t line = 0; line < r->scan->last; line++) {
        if (!is_line_of_words(r->scan, line))
            continue;
        struct nx_str words = nx_page_line(&r->scan->page, line);
        struct nx_block *owner = NULL;
        if (blocks->n > 1 && line >= first) {
            size_t best = 0;
            bool shared = false;
            for (size_t i = 0; i < blocks->n; i++)
                if (r->starts[i].line <= line && (owner == NULL || r->starts[i].line >= best)) {
                    shared = owner != NULL && r->starts[i].line == best; /* several on one line */
                    best = r->starts[i].line;
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

/* "The message was delivered to:" and a list: they are no failures, whatever is told of the others. */
static void add_delivered(struct nx_general *r, const struct nx_phrase_hit *hit)
{
    const struct nx_scan *scan = r->scan;
    size_t line = nx_page_line_at(&scan->page, hit->from), to = nx_paragraph_end(scan, line);
    for (size_t i = 0; i < scan->n_phrases; i++) {
        const struct nx_phrase_hit *other = &scan->phrases[i];
        if (other->kind != NX_PHRASE_DELIVERED && other->kind != NX_PHRASE_HELP &&
            nx_page_line_at(&scan->page, other->from) == line)
            return;
    }
    r->told = NX_KIND_DELIVERED;
    struct nx_str rest = {scan->page.s + hit->to, scan->page.lines[line].to > hit->to ? scan->page.lines[line].to - hit->to : 0},
                  address;
    for (size_t at = 0; nx_address_find(rest, &at, &address);)
        (void)add(r, address, line, false);
    if (line + 1 < to) {
        (void)add_items(r, line + 1, to);
    } else {
        while (to < scan->last && nx_page_blank(&scan->page, to))
            to++;
        (void)add_items(r, to, nx_paragraph_end(scan, to));
    }
    r->told = NX_KIND_FAILED;
}

static void add_reasons(struct nx_general *r)
{
    for (size_t from = next_reason(r->scan, 0); from < r->scan->last; from = next_reason(r->scan, nx_paragraph_end(r->scan, from)))
        add_reason(r, from);
}

/* Rows of a table: an address at the start of a line, and what became of it. Is one of them no success? */
static bool add_rows(struct nx_general *r)
{
    bool failed = false;
    for (size_t i = 0; i < r->scan->last; i++) {
        struct nx_str address, rest, line = nx_page_line(&r->scan->page, i);
        enum nx_kind kind;
        if (nx_str_chr(line, '@') < line.n && is_line_of_words(r->scan, i) && nx_walk_item(line, &address, &rest) &&
            nx_fate_of_row(r, address, i, &kind))
            failed |= add(r, address, i, true) && kind != NX_KIND_DELIVERED;
    }
    return failed;
}

/* The summary of the mail that failed ("To: ..."): only where nothing else names anybody. */
static void add_addressees(struct nx_general *r)
{
    for (size_t i = 0; i < r->scan->last; i++) {
        struct nx_str address, rest, line = nx_page_line(&r->scan->page, i);
        if (nx_str_istarts(line, NX_STR("to:")) && nx_walk_item(line, &address, &rest))
            (void)add(r, address, i, true);
    }
}

/* The lines of an SMTP dialogue, if there is one: from the first to the last. */
static bool find_dialogue(const struct nx_scan *scan, size_t *ret_from, size_t *ret_to)
{
    unsigned lines = 0;
    for (size_t i = 0; i < scan->last; i++)
        if (nx_transcript_line(nx_page_line(&scan->page, i))) {
            if (lines++ == 0)
                *ret_from = i;
            *ret_to = i + 1;
        }
    return lines >= 2;
}

/* "... temporarily undeliverable, delivery will be retried:" */
static bool tells_of_delay(const struct nx_scan *scan, size_t line)
{
    size_t from = nx_paragraph_start(scan, line), to = nx_paragraph_end(scan, line);
    for (size_t i = 0; i < scan->n_phrases; i++) {
        size_t at = nx_page_line_at(&scan->page, scan->phrases[i].from);
        if (scan->phrases[i].kind == NX_PHRASE_DELAYED && at >= from && at < to && !nx_fate_is_denied(scan, &scan->phrases[i]))
            return true;
    }
    return false;
}

static void follow_phrases(struct nx_general *r, bool *ret_failed, bool *ret_delayed, bool *ret_delivered)
{
    const struct nx_scan *scan = r->scan;
    for (int delivered = 1; delivered >= 0; delivered--)
        for (size_t i = 0; i < scan->n_phrases; i++) {
            const struct nx_phrase_hit *hit = &scan->phrases[i];
            size_t line = nx_page_line_at(&scan->page, hit->from);
            if (hit->kind == NX_PHRASE_HELP || line >= scan->last || nx_scan_is(scan, line, NX_LINE_SKIP) ||
                nx_scan_is(scan, line, NX_LINE_SKIP_PARAGRAPH) || (hit->kind == NX_PHRASE_DELIVERED) != (delivered != 0) ||
                nx_fate_is_denied(scan, hit) ||
                is_summary(nx_page_line(&scan->page, line))) /* "Subject: Undeliverable": of the mail that is spoken of */
                continue;
            if (delivered) {
                *ret_delivered = true;
                add_delivered(r, hit);
                continue;
            }
            *ret_failed |= hit->kind == NX_PHRASE_FAILED;
            *ret_delayed |= hit->kind == NX_PHRASE_DELAYED;
            r->told = hit->kind == NX_PHRASE_DELAYED || tells_of_delay(scan, line) ? NX_KIND_DELAYED : NX_KIND_FAILED;
            add_near(r, line);
        }
}

/* ... in the paragraph of this line, or in the one behind it? */
static bool has_code_near(const struct nx_general *r, size_t line)
{
    const struct nx_scan *scan = r->scan;
    size_t from = nx_paragraph_start(scan, line), to = nx_paragraph_end(scan, line), next = to;
    while (next < scan->last && nx_page_blank(&scan->page, next))
        next++;
    return has_code(r, from, to) || (next < scan->last && has_code(r, next, nx_paragraph_end(scan, next)));
}

/* In a language without phrases here: an address that leads a paragraph, with a refusal in it or right behind. Only what the
 * head says can make a report of it. */
static void add_refused(struct nx_general *r)
{
    const struct nx_scan *scan = r->scan;
    for (size_t from = 0; from < scan->last; from = nx_paragraph_end(scan, from)) {
        while (from < scan->last && nx_page_blank(&scan->page, from))
            from++;
        if (from < scan->last && has_code_near(r, from))
            (void)add_items(r, from, nx_paragraph_end(scan, from));
    }
}

/* The one address that the words name beside sender, addressee and those to turn to. */
static void add_only(struct nx_general *r, bool told)
{
    const struct nx_scan *scan = r->scan;
    struct nx_str only = NX_STR_NONE, address;
    size_t where = 0;
    for (size_t i = 0; i < scan->last; i++) {
        struct nx_str line = nx_page_line(&scan->page, i);
        for (size_t at = 0; is_line_of_words(scan, i) && nx_address_find(line, &at, &address);) {
            size_t place = (size_t)(address.p - scan->page.s);
            if (is_party(r->mail, address) || is_office(address) || is_help(scan, place, place + address.n) ||
                is_condition(&scan->page, place) || is_summary(line) || nx_str_ieq(address, only))
                continue;
            if (only.n > 0)
                return;
            only = address;
            where = i;
        }
    }
    if (only.n > 0 && (told || r->hints->subject || has_code_near(r, where)))
        (void)add(r, only, where, true);
}

/* Nobody was found by the words, but the head is that of a report: by form alone. The kind is what the subject says; where it
 * says nothing, a refusal must stand by. */
static void add_by_head(struct nx_general *r, bool told)
{
    bool null_path = nx_str_eq(nx_str_trim(nx_fields_get(r->mail->fields, "Return-Path")), NX_STR("<>"));
    if (!r->hints->sender || !(r->hints->subject || null_path) || r->hints->success)
        return;
    r->told = r->hints->delayed ? NX_KIND_DELAYED : NX_KIND_FAILED;
    add_refused(r);
    if (r->blocks->n == 0)
        add_only(r, told);
    r->refused |= r->blocks->n > 0 && !r->hints->subject;
    r->blocks->has_kind = r->hints->delayed;
    r->blocks->kind = r->told;
}

/* Does it come from an address? Then what it says of its own reader is no report of ours about mail to ourselves. */
static bool has_return_path(const struct nx_mail *mail)
{
    size_t at = 0;
    struct nx_str address;
    return nx_address_find(nx_fields_get(mail->fields, "Return-Path"), &at, &address);
}

bool nx_walk_general(const struct nx_formats *formats, const struct nx_scan *scan, const struct nx_mail *mail,
                     const struct nx_hints *hints, struct nx_blocks *blocks)
{
    struct nx_general r = {
        .formats = formats, .scan = scan, .mail = mail, .hints = hints, .blocks = blocks, .told = NX_KIND_FAILED};
    bool failed = false, delayed = false, delivered = false;
    size_t from = 0, to = 0;
    if (is_list_mail(mail))
        return false;
    bool talked = find_dialogue(scan, &from, &to);
    for (int pass = 0; pass < 2; pass++) {
        follow_phrases(&r, &failed, &delayed, &delivered);
        r.told = NX_KIND_OTHER;
        add_labelled(&r);
        add_reasons(&r);
        failed |= add_rows(&r);
        if (blocks->n == 0 && failed)
            add_addressees(&r);
        r.lenient = !has_return_path(mail);
        if (!r.lenient || blocks->n > 0 || talked || !(failed || delayed))
            break;
    }
    if (blocks->n == 0 && !talked)
        add_by_head(&r, failed || delayed);
    blocks->told = failed || delayed || talked || r.refused;
    if (failed || delayed)
        nx_fates_set(&r, delayed);
    if (blocks->n > 0)
        give_words(&r);
    if (talked)
        nx_transcript_read(blocks, &scan->page, from, to);
    if (blocks->n == 0 && (failed || delayed))
        give_words(&r);
    if (delayed) {
        blocks->has_kind = true;
        blocks->kind = NX_KIND_DELAYED;
    } else if (!failed && hints->delayed && !hints->failed) { /* the words tell of neither */
        blocks->has_kind = true;
        blocks->kind = NX_KIND_DELAYED;
    } else if (!failed && delivered) {
        blocks->has_kind = true;
        blocks->kind = NX_KIND_DELIVERED;
    }
    return blocks->told || blocks->n > 0;
}
