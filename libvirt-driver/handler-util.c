/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "handler-util.h"

#include <string.h>
#include <unistd.h>

gboolean fail_from(GError **error, VirErrorFrom from, VirErrorCode code, const char *format, ...)
{
    g_autofree char *detail = NULL;
    va_list args;

    va_start(args, format);
    detail = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, VIR_ERROR, VIR_ERROR_CODE(from, code), detail);
    return FALSE;
}

gboolean check_flags(const RpcCall *call, guint32 flags, guint32 known, GError **error)
{
    if ((flags & ~known) == 0)
        return TRUE;
    return fail(error, VIR_ERR_INVALID_ARG, "unsupported flags (0x%x) in function %s",
                flags & ~known, call->proc->api);
}

void uuid_to_text(const guint8 *uuid, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (guint i = 0; i < XDR_UUID_LEN; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *text++ = '-';
        *text++ = digits[uuid[i] >> 4];
        *text++ = digits[uuid[i] & 15];
    }
    *text = '\0';
}

const char *call_uuid(const RpcCall *call, char *text)
{
    uuid_to_text(call->args[0].items[1].bytes, text);
    return text;
}

gboolean uuid_from_text(const char *text, guint8 *ret_uuid)
{
    guint8 uuid[XDR_UUID_LEN];
    guint digits = 0;

    for (; *text != '\0'; text++) {
        int digit = g_ascii_xdigit_value(*text);

        if (*text == '-')
            continue;
        if (digit < 0 || digits == 2 * XDR_UUID_LEN)
            return FALSE;
        if (digits % 2 == 0)
            uuid[digits / 2] = (guint8)(digit << 4);
        else
            uuid[digits / 2] |= (guint8)digit;
        digits++;
    }
    if (digits != 2 * XDR_UUID_LEN)
        return FALSE;
    memcpy(ret_uuid, uuid, sizeof uuid);
    return TRUE;
}

void put_uuid(GByteArray *out, const char *uuid)
{
    guint8 raw[XDR_UUID_LEN];

    g_return_if_fail(uuid_from_text(uuid, raw));
    xdr_put_raw(out, raw, sizeof raw);
}

void put_named_handle(GByteArray *out, const char *name, const char *uuid)
{
    xdr_put_string(out, name);
    put_uuid(out, uuid);
}

static void close_one(gpointer fd)
{
    if (*(int *)fd >= 0)
        close(*(int *)fd);
}

GArray *fds_new(void)
{
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));

    g_array_set_clear_func(fds, close_one);
    return fds;
}
