/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables that say how a struct looks as XML: one row per element or attribute. The same rows parse,
 * format, copy and free, so the four cannot drift apart.
 *
 * A row's path is relative to the struct's element: "@type" is its attribute, "driver/@name" an
 * attribute of a child, "source/config/@file" deeper, "serial" a child's text. "." is the element's
 * own text. Rows stand in the order the formatter writes; rows that share a child stand together.
 * An element is written when one of its rows has something to say.
 */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

typedef enum {
    XML_STRING,  /* char *: NULL when absent. With words: one of them */
    XML_WORD,    /* int: index into words, 0 when absent */
    XML_FLAG,    /* gboolean: whether the element is there */
    XML_UINT,    /* guint, 0 when absent (unless XML_ALWAYS) */
    XML_INT,     /* int */
    XML_ULONG,   /* guint64 */
    XML_HEX,     /* guint, written as 0x and `width` digits; read in any base */
    XML_KIB,     /* guint64 KiB of an element with unit= ("MiB", ...), of an attribute beside one */
    XML_BYTES,   /* guint64 bytes, the same way; without a unit they are KiB too */
    XML_OBJECT,  /* T *: NULL when absent; item says how T looks */
    XML_LIST,    /* GPtrArray * of T * */
    XML_NODE,    /* xmlNodePtr: the element kept as written */
    XML_NODES,   /* GPtrArray * of such */
    XML_REFUSED, /* libvirt knows it, we cannot do it: an error */
} XmlKind;

typedef enum {
    XML_REQUIRED = 1 << 0, /* an error when missing, if its parent element is there */
    XML_ALWAYS = 1 << 1,   /* written even when 0 */
    XML_LIVE = 1 << 2,     /* neither read nor written of an inactive definition */
    XML_SECRET = 1 << 3,   /* written with DOMAIN_XML_FORMAT_SECURE only */
    XML_IMPLIED = 1 << 4,  /* attribute: def is its value when the element is there without it */
    XML_DECIMAL = 1 << 5,  /* XML_STRING: digits, perhaps with a sign */
    XML_LOWER = 1 << 6,    /* XML_STRING: made lower case */
    XML_NONZERO = 1 << 7,  /* numbers: 0 is an error */
    XML_OPTIONAL = 1 << 8, /* XML_INT: below 0 when absent, 0 is a value */
    XML_KEPT = 1 << 9,     /* remembered and shown, without effect on the domain */
    XML_HVM = 1 << 11, /* honoured for HVM guests, kept for others, whose machine has none of it */
    XML_ALIAS = 1 << 10, /* as XML_LIVE, except for names a user may give ("ua-...") */
    XML_KEY = 1 << 12,   /* tells elements of a list apart, whatever their order */
} XmlFlags;

typedef struct XmlClass XmlClass;

typedef struct {
    const char *path;
    XmlKind kind;
    gsize offset;               /* of the field in the struct */
    guint flags;                /* XmlFlags */
    const char *const *words;   /* XML_WORD: by value, [0] is ""; XML_STRING: the words allowed, [0]
                                   likewise; ends with NULL */
    const char *const *refused; /* words that libvirt knows and we cannot do; ends with NULL */
    const char *stored, *shown; /* XML_STRING: stored is read also from, and written as, shown */
    const XmlClass *item;       /* XML_OBJECT, XML_LIST */
    const char *def;            /* text of the value a new object has */
    guint width;                /* XML_HEX */
    guint64 max;                /* numbers: largest value, 0: what the type holds */
    gboolean (*when)(const void *object); /* NULL or whether the row applies to this object */
} XmlRow;

/* How one kind of struct looks. */
struct XmlClass {
    gsize size;
    const XmlRow *rows;
    guint n_rows; /* at most XML_MAX_ROWS */
    GDestroyNotify destroy;
    gboolean open;   /* written with a closing tag even when nothing is in it */
    gboolean merges; /* a second element adds to the lists of the first; else it does not count */
    /* After an element has been read: what rows cannot say. NULL: nothing. */
    gboolean (*check)(void *object, xmlNodePtr node, GError **error);
};

#define XML_MAX_ROWS 512

/* Defines the class `name` of struct Type from its table of rows. */
#define XML_CLASS_DEFINE(name, Type, table, check_func)                                            \
    XML_CLASS_DEFINE_FULL(name, Type, table, check_func, .open = FALSE)
#define XML_CLASS_DEFINE_OPEN(name, Type, table, check_func)                                       \
    XML_CLASS_DEFINE_FULL(name, Type, table, check_func, .open = TRUE)
#define XML_CLASS_DEFINE_MERGES(name, Type, table, check_func)                                     \
    XML_CLASS_DEFINE_FULL(name, Type, table, check_func, .merges = TRUE)
#define XML_CLASS_DEFINE_FULL(name, Type, table, check_func, more)                                 \
    extern const XmlClass name;                                                                    \
    static void name##_destroy(gpointer object)                                                    \
    {                                                                                              \
        xml_object_free(&name, object);                                                            \
    }                                                                                              \
    G_STATIC_ASSERT(G_N_ELEMENTS(table) <= XML_MAX_ROWS);                                          \
    const XmlClass name = { .size = sizeof(Type),                                                  \
                            .rows = table,                                                         \
                            .n_rows = G_N_ELEMENTS(table),                                         \
                            .destroy = name##_destroy,                                             \
                            .check = check_func,                                                   \
                            more };

/* xml-table.c: life of an object. New ones have empty lists and the rows' defaults. */
gpointer xml_object_new(const XmlClass *class);
void xml_object_clear(const XmlClass *class, gpointer object);
void xml_object_free(const XmlClass *class, gpointer object); /* NULL-safe */
gpointer xml_object_dup(const XmlClass *class, gconstpointer object);
/* Whether a row with any of flags (XmlFlags) has a value, in the object or in one it owns. */
gboolean xml_object_has(const XmlClass *class, gconstpointer object, guint flags);
/* An empty list whose elements are of that class. */
GPtrArray *xml_list_new(const XmlClass *class);

/* xml-table-parse.c: fills a new object from its element. flags: DomainXmlParseFlags. */
gboolean xml_object_parse(const XmlClass *class, gpointer object, xmlNodePtr node, guint flags,
                          GError **error);
/* xml-table-format.c: appends the element <name> of an object. flags: DomainXmlFormatFlags. */
void xml_object_format(const XmlClass *class, gconstpointer object, const char *name, guint indent,
                       guint flags, GString *out);

/* What need not be said again by the other of two objects that are compared. path: of what one
 * says; row: what stands for it in both. */
typedef struct {
    gboolean (*forgives)(const char *path, const XmlRow *row, gconstpointer object,
                         gconstpointer other, gconstpointer data);
    gconstpointer data;
} XmlForgiving;

/* xml-table-compare.c: the path of the first thing that object says and other does not, or says
 * otherwise, in a new string; NULL: there is none. path: of the element that both are. */
char *xml_object_find_loss(const XmlClass *class, gconstpointer object, gconstpointer other,
                           const char *path, const XmlForgiving *forgiving);

/* Sets a DOMAIN_XML_ERROR that ends with the path of the node, or of its attribute, and its line.
 * attribute may be NULL. */
void xml_error(GError **error, int code, xmlNodePtr node, const char *attribute, const char *format,
               ...) G_GNUC_PRINTF(5, 6);

G_END_DECLS
