/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a postmaster: paste a bounce, look at an address. Files of src/serve/page, built in; everything it knows it asks by
 * the HTTP interface, with the token of whoever looks at it. It needs nothing from elsewhere, and may load nothing. */
#include "serve/handlers.h"

#include "page_files.h" /* made of src/serve/page */

static void answer(struct nx_request *request, const char *file, const char *media_type)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_resource_lookup_data(nx_page_get_resource(), file, G_RESOURCE_LOOKUP_FLAGS_NONE, &error);
    g_assert(bytes != NULL); /* built in */
    nx_request_add_header(request, "Content-Security-Policy",
                          "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
                          "form-action 'none'; frame-ancestors 'none'; base-uri 'none'");
    nx_request_add_header(request, "X-Content-Type-Options", "nosniff");
    nx_request_add_header(request, "Referrer-Policy", "no-referrer");
    nx_request_add_header(request, "Cache-Control", "no-cache");
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);
    nx_request_answer(request, 200, media_type, (struct nx_str){data, n});
}

void nx_get_page(struct nx_request *request)
{
    answer(request, "/nixie/index.html", "text/html; charset=utf-8");
}

void nx_get_page_style(struct nx_request *request)
{
    answer(request, "/nixie/page.css", "text/css; charset=utf-8");
}

void nx_get_page_script(struct nx_request *request)
{
    answer(request, "/nixie/page.js", "text/javascript; charset=utf-8");
}
