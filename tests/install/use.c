/* SPDX-License-Identifier: Apache-2.0 */
/* A program of somebody else: built outside the tree against what was installed. Prints the struct form of each event, then the JSON. */
#include <nixie.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *what)
{
    fprintf(stderr, "use: %s\n", what);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return fail("usage: use PATTERNS MESSAGE");
    char *error = NULL;
    if (nixie_new("/nonexistent", NULL, &error) != NULL || error == NULL || strstr(error, "/nonexistent") == NULL)
        return fail("a missing directory must be told by name");
    nixie_free_text(error);
    struct nixie *nixie = nixie_new(argv[1], NULL, &error);
    if (nixie == NULL)
        return fail(error);
    FILE *file = fopen(argv[2], "rb");
    static char bytes[1 << 20];
    size_t size = file == NULL ? 0 : fread(bytes, 1, sizeof bytes, file);
    if (size == 0)
        return fail("the message cannot be read");
    fclose(file);
    struct nixie_reader *reader = nixie_reader_new(nixie);
    nixie_free(nixie); /* the reader keeps what it needs */
    size_t n = nixie_read_message(reader, bytes, size, NULL);
    memset(bytes, 'x', sizeof bytes); /* events must not point into them */
    struct nixie_event event;
    for (size_t i = 0; i < n; i++) {
        if (nixie_event(reader, i, &event, sizeof event) != 0)
            return fail("an event is missing");
        printf("%s %s %s %s %s %u\n", event.kind, event.recipient, event.class_, event.cause, event.status, event.reply);
        puts(nixie_json(reader, i));
    }
    if (nixie_event(reader, n, &event, sizeof event) != -1 || nixie_json(reader, n) != NULL)
        return fail("there is one event too many");
    if (nixie_read_reply(reader, "552 5.2.2 Mailbox full") != 1 || nixie_event(reader, 0, &event, sizeof event) != 0 || strcmp(event.cause, "mailbox_full") != 0)
        return fail("a reply was not understood");
    struct nixie_cause cause;
    size_t causes = 0;
    while (nixie_cause(causes, &cause, sizeof cause) == 0)
        causes++;
    printf("%zu causes, the last is %s; version %s\n", causes, cause.name, nixie_version());
    nixie_reader_free(reader);
    return 0;
}
