/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * XDR (RFC 4506) as libvirt's wire protocol uses it. The layout of a message is described by a
 * signature, one string:
 *
 *   i u    32-bit integer, signed and unsigned    x t    64-bit integer, signed and unsigned
 *   d      double                                 s      string
 *   U      16 raw bytes, a UUID                   <N>o   counted bytes, at most N
 *   y Y W  char, unsigned char, unsigned short: each four bytes on the wire, also in arrays
 *   ?T     optional T                             (T...) structure
 *   <N>T   counted array, at most N elements      [N]T   array of exactly N elements
 *
 * and the protocol's own structures, which clients use as handles:
 *   D domain  N network  Q network port  O storage pool  V volume  E node device  I interface  X
 * secret F nwfilter  B nwfilter binding  Z domain snapshot  K domain checkpoint  P typed parameter
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define XDR_STRING_MAX 4194304u /* REMOTE_STRING_MAX */
#define XDR_UUID_LEN   16

typedef enum { /* the union tags of a typed parameter, VIR_TYPED_PARAM_* */
               XDR_PARAM_INT = 1,
               XDR_PARAM_UINT = 2,
               XDR_PARAM_LLONG = 3,
               XDR_PARAM_ULLONG = 4,
               XDR_PARAM_DOUBLE = 5,
               XDR_PARAM_BOOLEAN = 6,
               XDR_PARAM_STRING = 7,
} XdrParamType;

/*
 * One decoded value. Scalars sit in the union; strings are NUL-terminated copies. items holds the
 * members of a structure, the elements of an array, or the one value of an optional that is
 * present. An absent optional has len 0 and NULL pointers; an optional string that is present is
 * simply its str. A typed parameter has the items name (str), type (u) and value.
 */
typedef struct XdrValue XdrValue;
struct XdrValue {
    guint32 len; /* of str, bytes or items */
    union {
        gint32 i;
        guint32 u;
        gint64 x;
        guint64 t;
        double d;
        char *str;
        guint8 *bytes;
        XdrValue *items;
    };
};

/* A decoded argument list; owns everything its values point to. */
typedef struct {
    XdrValue *values;
    guint n_values;
    GPtrArray *pool;
} XdrArgs;

/* Decodes data as the signature says. NULL: malformed, too short or over a limit. Bytes after the
 * last value are ignored, as libvirtd does. */
XdrArgs *xdr_decode(const char *signature, const guint8 *data, gsize len);
void xdr_args_free(XdrArgs *args); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XdrArgs, xdr_args_free)

/* Whether data is exactly one message of that signature, limits included. Allocates nothing. */
gboolean xdr_check(const char *signature, const guint8 *data, gsize len);

/* Writing: each appends one value to out. */
void xdr_put_u32(GByteArray *out, guint32 value);
void xdr_put_i32(GByteArray *out, gint32 value);
void xdr_put_u64(GByteArray *out, guint64 value);
void xdr_put_i64(GByteArray *out, gint64 value);
void xdr_put_double(GByteArray *out, double value);
void xdr_put_string(GByteArray *out, const char *value);
void xdr_put_optional_string(GByteArray *out, const char *value);    /* NULL: absent */
void xdr_put_opaque(GByteArray *out, const void *data, guint32 len); /* counted */
void xdr_put_raw(GByteArray *out, const void *data, guint32 len);    /* padded, no count */
/* A count to be known later: where it goes, for xdr_set_u32(). */
guint xdr_put_count(GByteArray *out);
void xdr_set_u32(GByteArray *out, guint offset, guint32 value);

G_END_DECLS
