/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options of xl.cfg(5), Xen 4.17, and of xm's files before it: one row each, used to read and
 * to write. A row says what becomes of its option: done, without effect here (remembered, written
 * back and warned about), or refused.
 */
#pragma once

#include <kxl-config.h>
#include "xlcfg-syntax.h"

G_BEGIN_DECLS

typedef enum {
    XL_DONE,
    XL_INERT, /* in the config, and so in libvirt's XML; no effect here, and a warning */
    XL_KEPT,  /* remembered as text only, and a warning */
    XL_REFUSED,
} XlFate;

typedef enum {
    XL_STRING,   /* char * */
    XL_WORD,     /* char *, one of words */
    XL_BOOL,     /* gboolean */
    XL_TRISTATE, /* KxlTristate */
    XL_UINT,     /* guint, min to max */
    XL_INT,      /* int, min to max */
    XL_MIB,      /* guint64 in KiB, MiB in the file */
    XL_ACTION,   /* KxlAction */
    XL_STRINGS,  /* char **, a list of strings, or one string */
    XL_CUSTOM,   /* parse and format say */
} XlKind;

enum { XL_PCI_DEFAULTS = 4 }; /* pci_permissive and the like */

/* A file being read: the config, and what makes sense only together with other options. */
typedef struct {
    const char *filename;
    GPtrArray *warnings; /* of char *, or NULL */
    KxlDomainConfig *config;
    const XlSetting *setting; /* the one being read */

    char *root, *extra; /* joined into the command line */
    gboolean cmdline_given;
    char *nfs_server, *nfs_root;                                /* xm: the guest's NFS root */
    char *ip, *gateway, *netmask, *hostname, *interface, *dhcp; /* xm: the guest kernel's ip= */
    KxlTristate vnc;                                            /* the top-level vnc=, sdl= */
    gboolean ahci;                                              /* hdtype */
    gboolean spice_agent;                                       /* spicevdagent */
    guint vcpus, maxvcpus;
    char *floppies[2]; /* xm: fda, fdb */
    KxlTristate pci_defaults[XL_PCI_DEFAULTS];
} XlReader;

typedef struct {
    GString *text;
    const KxlDomainConfig *config;
} XlWriter;

typedef struct XlOption XlOption;
struct XlOption {
    const char *key;
    XlFate fate;
    XlKind kind;
    gsize offset;
    gint64 min, max;
    const char *const *words; /* WORD: NULL-terminated */
    gboolean words_by_number; /* a number is an index into words, as xm had it */
    gboolean (*parse)(XlReader *reader, const XlValue *value, GError **error);
    gboolean (*format)(XlWriter *writer, const char *key, GError **error);
    const char *harmless; /* a value that asks for what is so anyway: never kept, nor written */
    const char *why;      /* KEPT, REFUSED: for the message */
};

/* In the order in which they are written. */
extern const XlOption xlcfg_options[];
extern const guint xlcfg_n_options;
const XlOption *xlcfg_option_find(const char *key);
/* Takes out what the options have no word for, as a sort of adapter that is QEMU's only. */
void xlcfg_options_clear_unsayable(KxlDomainConfig *config);

/* For the parse functions of rows and the devices behind them. All fail with the place of value:
 * fail for a value that is wrong, fail_syntax for what is not xl.cfg's language, refuse for what
 * cannot be had here. */
gboolean xlcfg_reader_fail(XlReader *reader, const XlValue *value, GError **error,
                           const char *format, ...) G_GNUC_PRINTF(4, 5);
gboolean xlcfg_reader_fail_syntax(XlReader *reader, const XlValue *value, GError **error,
                                  const char *format, ...) G_GNUC_PRINTF(4, 5);
gboolean xlcfg_reader_refuse(XlReader *reader, const XlValue *value, GError **error,
                             const char *format, ...) G_GNUC_PRINTF(4, 5);
/* A device's backend= : only this host's can be. */
gboolean xlcfg_reader_backend(XlReader *reader, const XlValue *item, const char *name,
                              GError **error);
void xlcfg_reader_warn(XlReader *reader, const XlValue *value, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* Remembers the setting as it was written. */
void xlcfg_reader_keep(XlReader *reader, const char *key, const XlValue *value);
gboolean xlcfg_reader_string(XlReader *reader, const XlValue *value, char **ret_text,
                             GError **error);
gboolean xlcfg_reader_int(XlReader *reader, const XlValue *value, gint64 min, gint64 max,
                          gint64 *ret_number, GError **error);
gboolean xlcfg_reader_bool(XlReader *reader, const XlValue *value, gboolean *ret_bool,
                           GError **error);
gboolean xlcfg_reader_strings(XlReader *reader, const XlValue *value, char ***ret_strings,
                              GError **error);
void xlcfg_append_strings(char ***field, const char *const *more); /* more may be NULL */
/* Calls read for each string of a list. */
typedef gboolean (*XlItemFunc)(XlReader *reader, const XlValue *item, GError **error);
gboolean xlcfg_reader_each(XlReader *reader, const XlValue *value, XlItemFunc read, GError **error);

void xlcfg_write_string(XlWriter *writer, const char *key, const char *text); /* NULL: nothing */
void xlcfg_write_int(XlWriter *writer, const char *key, gint64 number);
void xlcfg_write_strings(XlWriter *writer, const char *key, const char *const *strings);
/* list: of char *; nothing when empty. */
void xlcfg_write_list(XlWriter *writer, const char *key, const GPtrArray *list);
void xlcfg_write_raw(XlWriter *writer, const char *key, const char *value);

G_END_DECLS
