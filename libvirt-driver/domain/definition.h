/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A domain's definition that never changes again: it can be read without a lock by whoever holds a
 * reference. To change a domain, make another definition from a copy. Keeps the texts it was asked
 * for, since clients ask for the same XML again and again.
 *
 * Its parsed form is several times as large as its text, and of thousands of definitions hardly any
 * is used at a time. So one that a table keeps may lose that form and gets it back from its text
 * when somebody asks: a DefinitionCache bounds how many of those kept have it.
 */
#pragma once

#include <domain-xml.h>

G_BEGIN_DECLS

typedef struct Definition Definition;
typedef struct DefinitionCache DefinitionCache;

Definition *definition_new(DomainDef *def); /* takes def */
/* From what definition_stored_xml() of another one was; nothing is read of it yet. Takes xml. */
Definition *definition_new_stored(char *xml);
Definition *definition_ref(Definition *definition);
void definition_unref(Definition *definition); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Definition, definition_unref)

/* The parsed form. Lives as long as the caller's own reference: that of a table is not enough. */
const DomainDef *definition_def(Definition *definition);
/* The XML; lives as long as the definition. */
const char *definition_xml(Definition *definition, DomainXmlFormatFlags flags);
/* Whether that has been made already, so that asking for it costs nothing. */
gboolean definition_has_xml(Definition *definition, DomainXmlFormatFlags flags);
/* What is written to disk: everything, secrets too. */
const char *definition_stored_xml(Definition *definition);

/* What becomes of an emulated TPM's secrets with the definition, unless flags say otherwise. */
typedef enum { DEFINITION_NO_TPM, DEFINITION_TPM_GOES, DEFINITION_TPM_STAYS } DefinitionTpm;

/* What lists and statistics say of every domain, whether it runs or not, and what is left of one
 * that is undefined. Lives as long as the definition, and stays when the parsed form goes. */
typedef struct {
    guint64 memory_kib, current_memory_kib;
    guint vcpus, max_vcpus;
    char **disks;            /* targets */
    char **sources;          /* of each of them; "": none */
    char *nvram;             /* NULL: none */
    gboolean has_virtio_mem; /* of which only the emulator knows how much is in use */
    DefinitionTpm tpm;
} DefinitionBrief;
const DefinitionBrief *definition_brief(Definition *definition);

/* max: how many may have their parsed form without being used. */
DefinitionCache *definition_cache_new(guint max);
void definition_cache_free(DefinitionCache *cache); /* after all it keeps were released */
guint definition_cache_n_parsed(DefinitionCache *cache);
/* A table's reference: while nobody else has one, the parsed form may go. Takes definition, returns
 * it. */
Definition *definition_keep(Definition *definition, DefinitionCache *cache);
/* The end of that reference, or of another one. NULL-safe. */
void definition_release(Definition *definition);

G_END_DECLS
