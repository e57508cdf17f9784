/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/walk.h"

#include "base/error.h"

#include <errno.h>
#include <sys/stat.h>

struct nx_walk {
    GPtrArray *pending; /* paths, the next one last */
};

struct nx_walk *nx_walk_new(const char *path)
{
    struct nx_walk *walk = g_new0(struct nx_walk, 1);
    walk->pending = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(walk->pending, g_strdup(path));
    return walk;
}

void nx_walk_free(struct nx_walk *walk)
{
    g_ptr_array_unref(walk->pending);
    g_free(walk);
}

static gboolean is_directory(const char *path, const char *name)
{
    g_autofree char *full = g_build_filename(path, name, NULL);
    return g_file_test(full, G_FILE_TEST_IS_DIR);
}

static gint backwards(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)b, *(const char *const *)a);
}

/* Puts the entries of a directory on the stack. */
static gboolean enter(struct nx_walk *walk, const char *path, GError **error)
{
    g_autoptr(GError) cannot = NULL;
    g_autoptr(GDir) directory = g_dir_open(path, 0, &cannot);
    if (directory == NULL) {
        g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s (check the directory's rights)", path, cannot->message);
        return FALSE;
    }
    gboolean maildir = is_directory(path, "cur") && is_directory(path, "new");
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while ((name = g_dir_read_name(directory)) != NULL) {
        gboolean hidden = name[0] == '.';
        gboolean folder = hidden && maildir && is_directory(path, name); /* Maildir++: .Folder */
        gboolean mail = maildir ? strcmp(name, "cur") == 0 || strcmp(name, "new") == 0 : !hidden;
        if (mail || folder)
            g_ptr_array_add(names, g_build_filename(path, name, NULL));
    }
    g_ptr_array_sort(names, backwards);
    for (guint i = 0; i < names->len; i++)
        g_ptr_array_add(walk->pending, g_steal_pointer(&names->pdata[i]));
    return TRUE;
}

int nx_walk_next(struct nx_walk *walk, char **ret_path, GError **error)
{
    while (walk->pending->len > 0) {
        g_autofree char *path = g_ptr_array_steal_index(walk->pending, walk->pending->len - 1);
        struct stat about;
        if (stat(path, &about) != 0) {
            g_set_error(error, NX_ERROR, NX_ERROR_IO, "%s: %s (check the path)", path, g_strerror(errno));
            return -1;
        }
        if (!S_ISDIR(about.st_mode)) {
            *ret_path = g_steal_pointer(&path);
            return 1;
        }
        if (!enter(walk, path, error))
            return -1;
    }
    return 0;
}
