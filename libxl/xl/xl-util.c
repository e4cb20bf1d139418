/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xl.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ERROR_INVAL = -6 }; /* libxl's number, which xl prints for a domain it does not find */

void xl_say(Xl *xl, const char *format, ...)
{
    va_list args;

    if (xl->timestamps) {
        g_autoptr(GDateTime) now = g_date_time_new_now_local();
        g_autofree char *stamp = g_date_time_format(now, "%Y-%m-%d %H:%M:%S %Z");

        fprintf(stderr, "%s [%d] ", stamp, (int)getpid());
    }
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

int xl_fail(Xl *xl, const GError *error)
{
    xl_say(xl, "xl: %s", error->message);
    return XL_FAILED;
}

KxlHost *xl_host(Xl *xl)
{
    g_autoptr(GError) error = NULL;

    if (!xl->host)
        xl->host = kxl_host_new(&error);
    if (!xl->host)
        xl_fail(xl, error);
    return xl->host;
}

gboolean xl_find_domain(Xl *xl, const char *spec, int *ret_domid)
{
    g_autoptr(GError) error = NULL;
    KxlHost *host = xl_host(xl);
    int domid;

    if (!host)
        return FALSE;
    domid = kxl_domain_find(host, spec, &error);
    if (domid < 0) {
        if (g_error_matches(error, KXL_ERROR, KXL_ERROR_NO_DOMAIN))
            xl_say(xl, "%s is an invalid domain identifier (rc=%d)", spec, ERROR_INVAL);
        else
            xl_fail(xl, error);
        return FALSE;
    }
    *ret_domid = domid;
    return TRUE;
}

gboolean xl_parse_memory(const char *text, guint64 *ret_kib)
{
    static const struct {
        char unit;
        guint shift; /* of KiB */
    } units[] = { { 't', 30 }, { 'g', 20 }, { 'm', 10 }, { '\0', 10 }, { 'k', 0 } };
    guint64 number;
    char *end;

    if (!g_ascii_isdigit(*text))
        return FALSE;
    number = g_ascii_strtoull(text, &end, 10);
    if (end[0] && end[1])
        return FALSE;
    if (g_ascii_tolower(*end) == 'b') {
        *ret_kib = number >> 10;
        return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(units); i++)
        if (g_ascii_tolower(*end) == units[i].unit) {
            if (number > G_MAXUINT64 >> units[i].shift)
                return FALSE;
            *ret_kib = number << units[i].shift;
            return TRUE;
        }
    return FALSE;
}
