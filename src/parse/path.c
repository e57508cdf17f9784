/* SPDX-License-Identifier: Apache-2.0 */
#include "parse/path.h"

#include "base/ascii.h"
#include "base/error.h"
#include "parse/address.h"

#define SEGMENTS_MAX 24u
#define ADDRESS_MAX 512u /* RFC 5321 4.5.3.1 has 64 and 255 */
#define STREAM_MAX 64u

enum what { WHAT_TEXT, WHAT_USER, WHAT_DOMAIN, WHAT_STREAM, WHAT_LIST, WHAT_ID, WHAT_NUMBER, WHAT_ANY, WHAT_COUNT };

static const char *const placeholders[WHAT_COUNT] = {[WHAT_USER] = "{user}", [WHAT_DOMAIN] = "{domain}", [WHAT_STREAM] = "{stream}",
                                                     [WHAT_LIST] = "{list}", [WHAT_ID] = "{id}",         [WHAT_NUMBER] = "{number}",
                                                     [WHAT_ANY] = "*"};

struct segment {
    enum what what;
    struct nx_str text; /* of a form: where it is WHAT_TEXT */
};

struct form {
    char *name, *template;
    struct segment segments[SEGMENTS_MAX];
    size_t n;
};

struct nx_paths {
    GPtrArray *forms; /* struct form * */
    bool name_streams;
};

static const struct {
    const char *name, *template;
} known[] = {
    {"sympa", "{list}+{user}==a=={domain}==*@*"},     /* bounce+user==a==domain==list@host */
    {"ezmlm", "*-return-{number}-{user}={domain}@*"}, /* list-return-12-user=domain@host */
    {"plus", "{list}+{user}={domain}@*"},             /* Postfix XVERP, Mailman, qmail: list+user=domain@host */
    {"dash", "{list}-{user}={domain}@*"},             /* the same with a dash, where there is but one */
};

static bool fits(enum what what, unsigned char c)
{
    switch (what) {
    case WHAT_USER:
        return nx_is_atext(c) || c == '.';
    case WHAT_DOMAIN:
        return nx_is_alnum(c) || c >= 0x80 || c == '-' || c == '.' || c == '_';
    case WHAT_STREAM:
        return nx_is_alnum(c) || c == '-' || c == '.' || c == '_';
    case WHAT_LIST:
        return (nx_is_atext(c) || c == '.') && c != '+' && c != '=';
    case WHAT_ID:
        return nx_is_alnum(c);
    case WHAT_NUMBER:
        return nx_is_digit(c);
    case WHAT_ANY:
        return c != '@';
    case WHAT_TEXT:
    case WHAT_COUNT:
        break;
    }
    return false;
}

/* Return paths of forwarders and of BATV name the sender of the mail, not whom it was for. */
static bool names_the_sender(struct nx_str local)
{
    static const char *const marks[] = {"SRS0=", "SRS0+", "SRS0-", "SRS1=", "SRS1+", "SRS1-", "prvs=", "msprvs1=", "btv1=="};
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
        if (nx_str_istarts(local, nx_str_of(marks[i])))
            return true;
    return false;
}

/* ---- reading a template */

static void free_form(void *data)
{
    struct form *form = data;
    g_free(form->name);
    g_free(form->template);
    g_free(form);
}

/* What stands at the start of text, and how long it is. */
static enum what what_at(struct nx_str text, size_t *ret_length)
{
    for (enum what what = WHAT_USER; what < WHAT_COUNT; what++) {
        struct nx_str name = nx_str_of(placeholders[what]);
        if (nx_str_istarts(text, name)) {
            *ret_length = name.n;
            return what;
        }
    }
    *ret_length = MIN(nx_str_chr(text, '{'), nx_str_chr(text, '*'));
    return WHAT_TEXT;
}

/* What is wrong with a template that was cut into segments; NULL: nothing. */
static const char *fault_of(const struct form *form)
{
    unsigned times[WHAT_COUNT] = {0};
    for (size_t i = 0; i < form->n; i++) {
        times[form->segments[i].what]++;
        if (i > 0 && form->segments[i].what != WHAT_TEXT && form->segments[i - 1].what != WHAT_TEXT)
            return "two placeholders touch, so nothing says where one ends (put a sign between them)";
    }
    struct nx_str template = nx_str_of(form->template);
    size_t sign = nx_str_chr(template, '@');
    if (sign == template.n)
        return "there is no @ (end it with @* where the domain does not matter)";
    if (nx_str_chr(nx_str_from(template, sign + 1), '@') < template.n - sign - 1)
        return "there are two @ (an address has one; {user} and {domain} stand on one side of it, parted by another sign)";
    if (times[WHAT_USER] > 1 || times[WHAT_DOMAIN] > 1 || times[WHAT_STREAM] > 1)
        return "{user}, {domain} and {stream} can each stand once";
    if (times[WHAT_USER] != times[WHAT_DOMAIN])
        return times[WHAT_USER] > 0 ? "{user} without {domain} is no address" : "{domain} without {user} is no address";
    if (times[WHAT_USER] + times[WHAT_STREAM] == 0)
        return "it reads nothing: it needs {user} and {domain}, or {stream}";
    return NULL;
}

static const char *read_template(struct form *form)
{
    struct nx_str rest = nx_str_of(form->template);
    if (rest.n > ADDRESS_MAX)
        return "it is longer than any address";
    for (size_t i = 0; i < rest.n; i++)
        if (!nx_is_atext((unsigned char)rest.p[i]) && strchr(".@", rest.p[i]) == NULL)
            return "no blank, quote, bracket or other sign that an address cannot have is taken";
    while (rest.n > 0) {
        size_t length;
        enum what what = what_at(rest, &length);
        if (length == 0)
            return "an unknown placeholder (one of {user} {domain} {stream} {list} {id} {number} and *)";
        if (form->n == SEGMENTS_MAX)
            return "it has too many parts";
        form->segments[form->n++] = (struct segment){what, nx_str_sub(rest, 0, length)};
        rest = nx_str_from(rest, length);
    }
    return fault_of(form);
}

static const char *add(struct nx_paths *paths, const char *name)
{
    struct form *form = g_new0(struct form, 1);
    const char *template = strpbrk(name, "{}*@") != NULL ? name : NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(known) && template == NULL; i++)
        if (g_ascii_strcasecmp(name, known[i].name) == 0)
            template = known[i].template;
    form->name = g_strdup(name);
    form->template = g_strdup(template);
    g_ptr_array_add(paths->forms, form);
    if (template == NULL)
        return "neither a known form (sympa, ezmlm, plus, dash) nor a template such as bounce-{list}-{user}={domain}@*";
    const char *fault = read_template(form);
    for (size_t i = 0; i < form->n; i++)
        paths->name_streams |= form->segments[i].what == WHAT_STREAM;
    return fault;
}

struct nx_paths *nx_paths_new(char *const *forms, GError **error)
{
    g_autoptr(nx_paths) paths = g_new0(struct nx_paths, 1);
    paths->forms = g_ptr_array_new_with_free_func(free_form);
    for (; forms != NULL && *forms != NULL; forms++) {
        const char *fault = add(paths, *forms);
        if (fault != NULL) {
            g_set_error(error, NX_ERROR, NX_ERROR_CONFIG, "'%s': %s", *forms, fault);
            return NULL;
        }
    }
    return g_steal_pointer(&paths);
}

void nx_paths_free(struct nx_paths *paths)
{
    if (paths == NULL)
        return;
    g_ptr_array_unref(paths->forms);
    g_free(paths);
}

bool nx_paths_name_streams(const struct nx_paths *paths)
{
    return paths->name_streams;
}

/* ---- reading an address */

typedef bool places[ADDRESS_MAX + 1]; /* offsets in the address */

/* Where the segment can end when it begins at one of these. */
static void ends(const struct segment *segment, struct nx_str text, const bool *from, bool *to)
{
    bool within = false;
    memset(to, 0, text.n + 1);
    if (segment->what == WHAT_TEXT) {
        for (size_t i = 0; i + segment->text.n <= text.n; i++)
            to[i + segment->text.n] = from[i] && nx_str_ieq(nx_str_sub(text, i, i + segment->text.n), segment->text);
        return;
    }
    for (size_t i = 0; i < text.n; i++) {
        within = (within || from[i]) && fits(segment->what, (unsigned char)text.p[i]);
        to[i + 1] = within;
    }
    for (size_t i = 0; i <= text.n && segment->what == WHAT_ANY; i++)
        to[i] |= from[i];
}

/* Where it can begin when it ends at one of these. */
static void begins(const struct segment *segment, struct nx_str text, const bool *from, bool *to)
{
    bool within = false;
    memset(to, 0, text.n + 1);
    if (segment->what == WHAT_TEXT) {
        for (size_t i = 0; i + segment->text.n <= text.n; i++)
            to[i] = from[i + segment->text.n] && nx_str_ieq(nx_str_sub(text, i, i + segment->text.n), segment->text);
        return;
    }
    for (size_t i = text.n; i > 0; i--) {
        within = (within || from[i]) && fits(segment->what, (unsigned char)text.p[i - 1]);
        to[i - 1] = within;
    }
    for (size_t i = 0; i <= text.n && segment->what == WHAT_ANY; i++)
        to[i] |= from[i];
}

/* The one place that both can reach; false where there are several. */
static bool only(const bool *forward, const bool *backward, size_t n, size_t *ret)
{
    unsigned times = 0;
    for (size_t i = 0; i <= n; i++)
        if (forward[i] && backward[i]) {
            times++;
            *ret = i;
        }
    return times == 1;
}

/* Takes what each placeholder can only be; what could be parted in several ways stays empty. False: the form does not fit. */
static bool match(const struct form *form, struct nx_str text, struct nx_str taken[WHAT_COUNT])
{
    places forward[SEGMENTS_MAX + 1], backward[SEGMENTS_MAX + 1];
    memset(forward[0], 0, text.n + 1);
    memset(backward[form->n], 0, text.n + 1);
    forward[0][0] = backward[form->n][text.n] = true;
    for (size_t k = 0; k < form->n; k++)
        ends(&form->segments[k], text, forward[k], forward[k + 1]);
    if (!forward[form->n][text.n])
        return false;
    for (size_t k = form->n; k > 0; k--)
        begins(&form->segments[k - 1], text, backward[k], backward[k - 1]);
    for (size_t k = 0; k < form->n; k++) {
        size_t from, to;
        if (only(forward[k], backward[k], text.n, &from) && only(forward[k + 1], backward[k + 1], text.n, &to))
            taken[form->segments[k].what] = nx_str_sub(text, from, to);
    }
    return true;
}

void nx_paths_read(const struct nx_paths *paths, struct nx_arena *arena, struct nx_str address, struct nx_path *ret_path)
{
    *ret_path = (struct nx_path){0};
    if (address.n > ADDRESS_MAX || names_the_sender(address))
        return;
    for (guint i = 0; i < paths->forms->len; i++) {
        const struct form *form = paths->forms->pdata[i];
        struct nx_str taken[WHAT_COUNT] = {0};
        if (!match(form, address, taken))
            continue;
        struct nx_str user = taken[WHAT_USER], domain = taken[WHAT_DOMAIN];
        struct nx_str recipient = nx_arena_printf(arena, "%.*s@%.*s", NX_FMT(user), NX_FMT(domain));
        ret_path->form = nx_str_of(form->name);
        if (user.n > 0 && nx_str_chr(domain, '.') < domain.n && nx_address_is(recipient))
            ret_path->recipient = recipient;
        if (taken[WHAT_STREAM].n <= STREAM_MAX)
            ret_path->stream = taken[WHAT_STREAM];
        return;
    }
}
