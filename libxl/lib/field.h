/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Structs described by rows: one table gives a type its defaults, its destructor, its copy and its
 * JSON form, so that these cannot drift apart.
 */
#pragma once

#include <json-glib/json-glib.h>
#include "words.h"

typedef enum {
    KXL_FIELD_STRING,  /* char *                                     "text" */
    KXL_FIELD_HIDDEN,  /* char *                                     in memory only */
    KXL_FIELD_STRV,    /* char **                                    ["a", "b"] */
    KXL_FIELD_BOOL,    /* gboolean                                   true */
    KXL_FIELD_FLAG,    /* gboolean that libxl has as an integer      1 */
    KXL_FIELD_DEFBOOL, /* gboolean or KxlTristate                    libxl's "True" / "False" */
    KXL_FIELD_INT,     /* int                                        -1 */
    KXL_FIELD_UINT,    /* guint, guint32                             1 */
    KXL_FIELD_INT64,   /* gint64 */
    KXL_FIELD_UINT64,  /* guint64 */
    KXL_FIELD_CPUS,    /* guint n: the first n                       libxl's bitmap [0, 1] */
    KXL_FIELD_ENUM,    /* enum with words                            "raw" */
    KXL_FIELD_STRUCT,  /* an embedded struct of `type`               { } */
    KXL_FIELD_ARRAY,   /* GPtrArray * of structs of `type`           [ { }, ... ] */
} KxlFieldKind;

typedef struct KxlType KxlType;

typedef struct {
    const char *path; /* JSON key; '/' leads into sub-objects: "b_info/type.hvm/boot" */
    KxlFieldKind kind;
    gsize offset;
    gint64 initial;  /* numbers, enums, booleans; a field equal to it is left out of the JSON */
    gboolean always; /* in the JSON even so */
    const KxlWords *words; /* ENUM */
    const KxlType *type;   /* STRUCT, ARRAY */
} KxlField;

struct KxlType {
    gsize size;
    const KxlField *fields;
    guint nr_fields;
    GDestroyNotify free; /* of one allocated struct: for arrays of them */
};

/* Row helpers; T is the struct, m its member. */
#define KXL_ROW(p, k, T, m)                                                                        \
    {                                                                                              \
        .path = (p), .kind = KXL_FIELD_##k, .offset = offsetof(T, m)                               \
    }
#define KXL_ROW_INIT(p, k, T, m, v)                                                                \
    {                                                                                              \
        .path = (p), .kind = KXL_FIELD_##k, .offset = offsetof(T, m), .initial = (v)               \
    }
#define KXL_ROW_ENUM(p, T, m, w, v)                                                                \
    {                                                                                              \
        .path = (p), .kind = KXL_FIELD_ENUM, .offset = offsetof(T, m), .words = (w),               \
        .initial = (v)                                                                             \
    }
#define KXL_ROW_ENUM_ALWAYS(p, T, m, w, v)                                                         \
    {                                                                                              \
        .path = (p), .kind = KXL_FIELD_ENUM, .offset = offsetof(T, m), .words = (w),               \
        .initial = (v), .always = TRUE                                                             \
    }
#define KXL_ROW_FLAG_ALWAYS(p, T, m, v)                                                            \
    {                                                                                              \
        .path = (p), .kind = KXL_FIELD_FLAG, .offset = offsetof(T, m), .initial = (v),             \
        .always = TRUE                                                                             \
    }
#define KXL_ROW_TYPE(p, k, T, m, t)                                                                \
    {                                                                                              \
        .path = (p), .kind = KXL_FIELD_##k, .offset = offsetof(T, m), .type = &kxl_type_##t        \
    }

/* The type kxl_type_<name> of struct T from its rows; NEW: and the function that makes one. */
#define KXL_TYPE_DEFINE(name, T, rows)                                                             \
    static void name##_free(gpointer object)                                                       \
    {                                                                                              \
        kxl_type_free(&kxl_type_##name, object);                                                   \
    }                                                                                              \
    const KxlType kxl_type_##name = {                                                              \
        .size = sizeof(T),                                                                         \
        .fields = (rows),                                                                          \
        .nr_fields = G_N_ELEMENTS(rows),                                                           \
        .free = name##_free,                                                                       \
    };
#define KXL_TYPE_DEFINE_NEW(name, T, rows)                                                         \
    KXL_TYPE_DEFINE(name, T, rows)                                                                 \
    T *kxl_##name##_new(void)                                                                      \
    {                                                                                              \
        return kxl_type_new(&kxl_type_##name);                                                     \
    }

gpointer kxl_type_new(const KxlType *type);
void kxl_type_init(const KxlType *type, gpointer object); /* of zeroed memory */
void kxl_type_clear(const KxlType *type, gpointer object);
void kxl_type_free(const KxlType *type, gpointer object); /* NULL-safe */
gpointer kxl_type_dup(const KxlType *type, gconstpointer object);

JsonObject *kxl_type_to_json(const KxlType *type, gconstpointer object);
/* Sets what the JSON has and leaves the rest. A key without a row, or a value of the wrong kind, is
 * an error. */
gboolean kxl_type_from_json(const KxlType *type, JsonObject *json, gpointer object, GError **error);

/* The same as text. from_text returns a new object; `what` names the text in errors. */
char *kxl_type_to_text(const KxlType *type, gconstpointer object);
gpointer kxl_type_from_text(const KxlType *type, const char *text, const char *what,
                            GError **error);
