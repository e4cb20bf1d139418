/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* XenStore paths: which are valid and how they relate. */
#include "path.h"
#include "string.h"
#include <xen/io/xs_wire.h>

#define HOME_PARENT "/local/domain/"

static bool valid_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '/' || c == '_' || c == '@';
}

bool xs_path_valid(const char *path)
{
    size_t len = strlen(path);

    if (path[0] != '/' || len > XENSTORE_ABS_PATH_MAX)
        return false;
    if (len == 1)
        return true;
    for (size_t i = 0; i < len; i++) {
        if (!valid_char(path[i]))
            return false;
        if (path[i] == '/' && (path[i + 1] == '/' || path[i + 1] == '\0'))
            return false;
    }
    return true;
}

bool xs_path_within_quota(const char *path)
{
    const char *rest = path;

    if (strncmp(path, HOME_PARENT, strlen(HOME_PARENT)) == 0) {
        const char *id = path + strlen(HOME_PARENT), *end = id;

        while (*end >= '0' && *end <= '9')
            end++;
        if (end > id && *end == '/')
            rest = end + 1;
    }
    return strlen(rest) <= XENSTORE_REL_PATH_MAX;
}

bool xs_path_covers(const char *top, const char *path)
{
    size_t len = strlen(top);

    if (strcmp(top, "/") == 0)
        return path[0] == '/';
    return strncmp(top, path, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

size_t xs_path_next(const char **path, const char **ret_name)
{
    const char *start = *path, *end;

    while (*start == '/')
        start++;
    for (end = start; *end && *end != '/'; end++)
        ;
    *ret_name = start;
    *path = end;
    return (size_t)(end - start);
}

size_t xs_path_parent_len(const char *path)
{
    size_t len = (size_t)(strrchr(path, '/') - path);

    return len ? len : 1;
}

static bool parse(const char *text, unsigned int base, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        unsigned int digit;

        if (*text >= '0' && *text <= '9')
            digit = (unsigned int)(*text - '0');
        else if ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'f')
            digit = (unsigned int)((*text | 0x20) - 'a') + 10;
        else
            return false;
        if (digit >= base || value > (max - digit) / base)
            return false;
        value = value * base + digit;
    }
    *ret = value;
    return true;
}

bool xs_parse_u64(const char *text, uint64_t *ret)
{
    if (text[0] == '0' && (text[1] | 0x20) == 'x')
        return parse(text + 2, 16, UINT64_MAX, ret);
    return parse(text, 10, UINT64_MAX, ret);
}

bool xs_parse_uint(const char *text, uint64_t max, uint64_t *ret)
{
    uint64_t value;

    if (!parse(text, 10, UINT64_MAX, &value) || value > max)
        return false;
    *ret = value;
    return true;
}
