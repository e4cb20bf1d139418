/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mediated devices that are defined, whether they are there or not: mdevctl(8) keeps them. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    char *name, *value;
} MdevAttribute;

typedef struct {
    char *uuid;
    char *parent; /* the kernel's name of it: "0000:00:02.0" */
    char *type;
    gboolean autostart;
    GPtrArray *attributes; /* of MdevAttribute */
} MdevConfig;

MdevConfig *mdev_config_new(void);
void mdev_config_free(MdevConfig *config); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MdevConfig, mdev_config_free)
void mdev_config_add_attribute(MdevConfig *config, const char *name, const char *value);

/* What "mdevctl list --defined --dumpjson" says; NULL: it is not of that form. */
GPtrArray *mdev_config_parse(const char *json, GError **error);
/* Empty where there is no mdevctl, or it fails, which is said in the log. */
GPtrArray *mdev_config_list(void);

/* The others fail with the package's name where there is none. */
gboolean mdev_config_define(const MdevConfig *config, GError **error);
gboolean mdev_config_undefine(const char *uuid, GError **error);
gboolean mdev_config_start(const char *uuid, GError **error);
gboolean mdev_config_set_autostart(const char *uuid, gboolean autostart, GError **error);

G_END_DECLS
