/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of definitions share. */
#pragma once

#include <glib.h>

#include "domain-xml.h"

/* A host, and random numbers that are the same each time. */
extern const DomainXmlCaps test_caps;
extern const DomainXmlCaps test_xen_caps; /* the one libvirt's corpora were made with */
void test_random(guint8 *buf, gsize len);
void test_random_reset(void);

/* Parses and completes; NULL with an error. */
DomainDef *test_define(const char *xml, const DomainXmlCaps *caps, GError **error);
char *test_read(const char *path);

/* The project's shared folder: $KANZEN_SHARED or ../shared; NULL when there is none. */
char *test_shared_dir(void);
/* Calls func for each file NAME.SUFFIX of a folder, by name. */
void test_each_file(const char *dir, const char *suffix, void (*func)(const char *path));
/* Asserts that a definition's text parses to the same text again, and its copy too. */
void test_assert_fixed_point(const DomainDef *def);
