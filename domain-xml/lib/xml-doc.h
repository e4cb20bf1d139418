/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text to libxml2 document, within limits and without anything from outside the text. */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

/* xmlDoc under a name of ours, so that the cleanup cannot clash with another's. */
typedef xmlDoc XmlDocument;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XmlDocument, xmlFreeDoc)

/* Longest text taken; libvirt's own wire limit for strings is 4 MiB. */
#define XML_DOCUMENT_MAX (16 * 1024 * 1024)
/* Most attributes of one tag. */
#define XML_TAG_MAX_ATTRIBUTES 1000

/* label stands for a file name in messages: "(domain_definition)". Documents with a DOCTYPE are
 * refused: nothing of libvirt's has one, and entities would be its only use. */
XmlDocument *xml_document_parse(const char *text, const char *label, GError **error);

G_END_DECLS
