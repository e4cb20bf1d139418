/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One walker serves decoding and checking, so that what kanzend accepts and what it sends obey the
 * same rules. Signatures are our own constants; the data is a stranger's: every length is checked
 * against its limit and against what is left before anything is allocated.
 */
#include "xdr.h"

#include <string.h>

typedef struct {
    const guint8 *data;
    gsize left;
    GPtrArray *pool; /* owns what is allocated; NULL: only check */
} Reader;

static const char *const structures[128] = {
    ['D'] = "(sUi)", ['N'] = "(sU)", ['Q'] = "(NU)", ['O'] = "(sU)",
    ['V'] = "(sss)", ['E'] = "(s)",  ['I'] = "(ss)", ['X'] = "(Uis)",
    ['F'] = "(sU)",  ['B'] = "(ss)", ['Z'] = "(sD)", ['K'] = "(sD)",
};

static const char *const param_values[] = {
    [XDR_PARAM_INT] = "i",    [XDR_PARAM_UINT] = "u",   [XDR_PARAM_LLONG] = "x",
    [XDR_PARAM_ULLONG] = "t", [XDR_PARAM_DOUBLE] = "d", [XDR_PARAM_BOOLEAN] = "i",
    [XDR_PARAM_STRING] = "s",
};

static gboolean read_value(const char **signature, Reader *reader, XdrValue *ret);

/* ---- signatures ---- */

static guint read_number(const char **signature, char end)
{
    guint n = 0;

    for ((*signature)++; **signature != end; (*signature)++) {
        g_assert(g_ascii_isdigit(**signature));
        n = n * 10 + (guint)(**signature - '0');
    }
    (*signature)++;
    return n;
}

/* Steps over one type. */
static const char *type_end(const char *type)
{
    switch (*type) {
    case '?':
        return type_end(type + 1);
    case '<':
        read_number(&type, '>');
        return type_end(type);
    case '[':
        read_number(&type, ']');
        return type_end(type);
    case '(':
        for (type++; *type != ')';)
            type = type_end(type);
        return type + 1;
    default:
        g_assert(*type != '\0');
        return type + 1;
    }
}

static guint count_types(const char *type, char end)
{
    guint n = 0;

    for (; *type != end; type = type_end(type))
        n++;
    return n;
}

/* ---- reading ---- */

static gboolean take(Reader *reader, gsize len, const guint8 **ret)
{
    if (reader->left < len)
        return FALSE;
    *ret = reader->data;
    reader->data += len;
    reader->left -= len;
    return TRUE;
}

static gboolean read_u32(Reader *reader, guint32 *ret)
{
    const guint8 *p;

    if (!take(reader, 4, &p))
        return FALSE;
    *ret = (guint32)p[0] << 24 | (guint32)p[1] << 16 | (guint32)p[2] << 8 | p[3];
    return TRUE;
}

static gboolean read_u64(Reader *reader, guint64 *ret)
{
    guint32 high, low;

    if (!read_u32(reader, &high) || !read_u32(reader, &low))
        return FALSE;
    *ret = (guint64)high << 32 | low;
    return TRUE;
}

static gpointer keep(Reader *reader, gsize size)
{
    gpointer block;

    if (reader->pool == NULL)
        return NULL;
    block = g_malloc0(size);
    g_ptr_array_add(reader->pool, block);
    return block;
}

/* Bytes padded to four; kept with a NUL behind them. */
static gboolean read_bytes(Reader *reader, guint32 len, XdrValue *ret)
{
    const guint8 *p;
    guint8 *copy;

    if (!take(reader, ((gsize)len + 3) & ~(gsize)3, &p))
        return FALSE;
    ret->len = len;
    copy = keep(reader, (gsize)len + 1);
    if (copy != NULL && len > 0)
        memcpy(copy, p, len);
    ret->bytes = copy;
    return TRUE;
}

static gboolean read_string(Reader *reader, XdrValue *ret)
{
    guint32 len;

    if (!read_u32(reader, &len) || len > XDR_STRING_MAX || len > reader->left)
        return FALSE;
    /* A C client never sends a NUL; what comes after it would silently be lost. */
    if (memchr(reader->data, '\0', len) != NULL)
        return FALSE;
    return read_bytes(reader, len, ret);
}

static gboolean read_items(const char *types, Reader *reader, guint32 n, gboolean same,
                           XdrValue *ret)
{
    XdrValue *items = keep(reader, (gsize)n * sizeof *items);
    const char *type = types;

    for (guint32 i = 0; i < n; i++) {
        XdrValue ignored = { 0 };

        if (same)
            type = types;
        if (!read_value(&type, reader, items != NULL ? &items[i] : &ignored))
            return FALSE;
    }
    ret->len = n;
    ret->items = items;
    return TRUE;
}

static gboolean read_array(const char **signature, Reader *reader, XdrValue *ret)
{
    gboolean counted = **signature == '<';
    guint32 max = read_number(signature, counted ? '>' : ']');
    guint32 n = max;
    const char *type = *signature;

    *signature = type_end(type);
    if (counted && (!read_u32(reader, &n) || n > max))
        return FALSE;
    if (*type == 'o')
        return read_bytes(reader, n, ret);
    if (n > reader->left / 4) /* no type is shorter than four bytes */
        return FALSE;
    return read_items(type, reader, n, TRUE, ret);
}

static gboolean read_optional(const char **signature, Reader *reader, XdrValue *ret)
{
    const char *type = ++*signature;
    guint32 present;

    *signature = type_end(type);
    if (!read_u32(reader, &present) || present > 1)
        return FALSE;
    if (!present)
        return TRUE;
    if (*type == 's')
        return read_string(reader, ret);
    return read_items(type, reader, 1, TRUE, ret);
}

static gboolean read_struct(const char **signature, Reader *reader, XdrValue *ret)
{
    const char *types = *signature + 1;

    *signature = type_end(*signature);
    return read_items(types, reader, count_types(types, ')'), FALSE, ret);
}

static gboolean read_param(Reader *reader, XdrValue *ret)
{
    XdrValue local[3] = { 0 };
    XdrValue *items = keep(reader, sizeof local);
    const char *type;

    if (items == NULL)
        items = local;
    if (!read_string(reader, &items[0]) || !read_u32(reader, &items[1].u))
        return FALSE;
    if (items[1].u < XDR_PARAM_INT || items[1].u > XDR_PARAM_STRING)
        return FALSE;
    type = param_values[items[1].u];
    if (!read_value(&type, reader, &items[2]))
        return FALSE;
    ret->len = 3;
    ret->items = items == local ? NULL : items;
    return TRUE;
}

static gboolean read_value(const char **signature, Reader *reader, XdrValue *ret)
{
    const char *structure;

    switch (**signature) {
    case '?':
        return read_optional(signature, reader, ret);
    case '<':
    case '[':
        return read_array(signature, reader, ret);
    case '(':
        return read_struct(signature, reader, ret);
    }
    switch (*(*signature)++) {
    case 'i':
    case 'u':
    case 'y':
    case 'Y':
    case 'W':
        return read_u32(reader, &ret->u);
    case 'x':
    case 't':
    case 'd': /* IEEE 754, the same bits */
        return read_u64(reader, &ret->t);
    case 's':
        return read_string(reader, ret);
    case 'U':
        return read_bytes(reader, XDR_UUID_LEN, ret);
    case 'P':
        return read_param(reader, ret);
    default:
        structure = structures[(guint8)(*signature)[-1] & 0x7f];
        g_assert(structure != NULL);
        return read_value(&structure, reader, ret);
    }
}

XdrArgs *xdr_decode(const char *signature, const guint8 *data, gsize len)
{
    g_autoptr(XdrArgs) args = g_new0(XdrArgs, 1);
    Reader reader = { data, len, g_ptr_array_new_with_free_func(g_free) };
    XdrValue list = { 0 };

    args->pool = reader.pool;
    args->n_values = count_types(signature, '\0');
    if (!read_items(signature, &reader, args->n_values, FALSE, &list))
        return NULL;
    args->values = list.items;
    return g_steal_pointer(&args);
}

void xdr_args_free(XdrArgs *args)
{
    if (args == NULL)
        return;
    g_ptr_array_unref(args->pool);
    g_free(args);
}

gboolean xdr_check(const char *signature, const guint8 *data, gsize len)
{
    Reader reader = { data, len, NULL };
    XdrValue ignored = { 0 };

    return read_items(signature, &reader, count_types(signature, '\0'), FALSE, &ignored) &&
           reader.left == 0;
}

/* ---- writing ---- */

void xdr_put_u32(GByteArray *out, guint32 value)
{
    guint32 wire = GUINT32_TO_BE(value);

    g_byte_array_append(out, (const guint8 *)&wire, sizeof wire);
}

void xdr_put_i32(GByteArray *out, gint32 value)
{
    xdr_put_u32(out, (guint32)value);
}

void xdr_put_u64(GByteArray *out, guint64 value)
{
    guint64 wire = GUINT64_TO_BE(value);

    g_byte_array_append(out, (const guint8 *)&wire, sizeof wire);
}

void xdr_put_i64(GByteArray *out, gint64 value)
{
    xdr_put_u64(out, (guint64)value);
}

void xdr_put_double(GByteArray *out, double value)
{
    guint64 bits;

    G_STATIC_ASSERT(sizeof bits == sizeof value);
    memcpy(&bits, &value, sizeof bits);
    xdr_put_u64(out, bits);
}

void xdr_put_raw(GByteArray *out, const void *data, guint32 len)
{
    static const guint8 zeros[4];

    if (len > 0)
        g_byte_array_append(out, data, len);
    if (len % 4 != 0)
        g_byte_array_append(out, zeros, 4 - len % 4);
}

void xdr_put_opaque(GByteArray *out, const void *data, guint32 len)
{
    xdr_put_u32(out, len);
    xdr_put_raw(out, data, len);
}

void xdr_put_string(GByteArray *out, const char *value)
{
    xdr_put_opaque(out, value, (guint32)strlen(value));
}

void xdr_put_optional_string(GByteArray *out, const char *value)
{
    xdr_put_u32(out, value != NULL);
    if (value != NULL)
        xdr_put_string(out, value);
}

guint xdr_put_count(GByteArray *out)
{
    xdr_put_u32(out, 0);
    return out->len - 4;
}

void xdr_set_u32(GByteArray *out, guint offset, guint32 value)
{
    guint32 wire = GUINT32_TO_BE(value);

    g_assert(offset + sizeof wire <= out->len);
    memcpy(out->data + offset, &wire, sizeof wire);
}
