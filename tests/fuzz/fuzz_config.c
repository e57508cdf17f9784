/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are a settings file: it loads, or every fault has the file's name and a line. So is any file of tokens. */
#include "base/error.h"
#include "config/config.h"
#include "serve/token.h"

#include <assert.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *path = g_strdup_printf("/tmp/nixie-fuzz-config.%d", (int)getpid());
    g_autoptr(GError) error = NULL;
    if (size > 16u << 10 || !g_file_set_contents(path, (const char *)data, (gssize)size, NULL))
        return 0;
    struct nx_config *config = nx_config_load(path, &error);
    if (config != NULL)
        nx_config_free(config);
    else
        assert(error->domain == NX_ERROR && strstr(error->message, path) != NULL);
    g_clear_error(&error);
    struct nx_tokens *tokens = nx_tokens_load(path, &error);
    if (tokens != NULL)
        nx_tokens_free(tokens);
    else
        assert(error->domain == NX_ERROR && strstr(error->message, path) != NULL);
    unlink(path);
    return 0;
}
