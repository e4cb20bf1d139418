/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "route.h"

#include <string.h>

/*
 * Patterns, first match wins: "*" is one component of any name, "#" a domid, "+" a UUID; a trailing
 * "/..." also takes everything below.
 */
static const struct {
    const char *pattern;
    XsRouteKind kind;
} rows[] = {
    { "/", XS_ROUTE_ABOVE },
    { "/local", XS_ROUTE_ABOVE },
    { "/local/domain", XS_ROUTE_ABOVE },
    { "/vm", XS_ROUTE_ABOVE },
    { "/local/domain/0", XS_ROUTE_SHARED },
    { "/local/domain/0/backend", XS_ROUTE_SHARED },
    { "/local/domain/0/backend/*", XS_ROUTE_SHARED },
    { "/local/domain/0/backend/*/#/...", XS_ROUTE_DOMAIN },
    { "/local/domain/0/error", XS_ROUTE_SHARED },
    { "/local/domain/0/error/backend", XS_ROUTE_SHARED },
    { "/local/domain/0/error/backend/*", XS_ROUTE_SHARED },
    { "/local/domain/0/error/backend/*/#/...", XS_ROUTE_DOMAIN },
    { "/local/domain/0/...", XS_ROUTE_HOST },
    { "/local/domain/#/...", XS_ROUTE_DOMAIN },
    { "/vm/+/...", XS_ROUTE_VM },
};

static gboolean take_domid(const char *name, gsize len, XsRoute *route)
{
    guint64 domid = 0;

    if (len == 0 || len > 5)
        return FALSE;
    for (gsize i = 0; i < len; i++) {
        if (!g_ascii_isdigit(name[i]))
            return FALSE;
        domid = domid * 10 + (guint64)(name[i] - '0');
    }
    route->domid = (int)domid;
    return TRUE;
}

static gboolean take_uuid(const char *name, gsize len, XsRoute *route)
{
    if (len != sizeof(route->uuid) - 1)
        return FALSE;
    memcpy(route->uuid, name, len);
    route->uuid[len] = '\0';
    return g_uuid_string_is_valid(route->uuid);
}

static gboolean matches(const char *pattern, const char *path, XsRoute *route)
{
    while (*pattern == '/') {
        gsize want = strcspn(++pattern, "/"), have;

        if (g_str_equal(pattern, "..."))
            return *path == '\0' || *path == '/';
        if (*path++ != '/')
            return FALSE;
        have = strcspn(path, "/");
        if (want == 1 && pattern[0] == '#') {
            if (!take_domid(path, have, route))
                return FALSE;
        } else if (want == 1 && pattern[0] == '+') {
            if (!take_uuid(path, have, route))
                return FALSE;
        } else if (want == 1 && pattern[0] == '*') {
            if (have == 0)
                return FALSE;
        } else if (want != have || strncmp(pattern, path, want) != 0) {
            return FALSE;
        }
        pattern += want;
        path += have;
    }
    return *path == '\0';
}

XsRoute xs_route(const char *path)
{
    XsRoute route = { XS_ROUTE_HOST, 0, "" };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (matches(rows[i].pattern, path, &route)) {
            route.kind = rows[i].kind;
            break;
        }
    }
    return route;
}
