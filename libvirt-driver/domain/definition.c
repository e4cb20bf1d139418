/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "definition.h"

#include <string.h>

#define N_TEXTS     8 /* by DomainXmlFormatFlags */
#define STORED_TEXT (DOMAIN_XML_FORMAT_SECURE | DOMAIN_XML_FORMAT_INACTIVE)

struct DefinitionCache {
    GMutex lock;
    GQueue parsed; /* of Definition, borrowed: those kept in parsed form, oldest first */
    guint max;
};

struct Definition {
    int refs;                /* atomic */
    DomainDef *def;          /* atomic; NULL: to be read from the stored text */
    char *texts[N_TEXTS];    /* atomic; made when first asked for; some may be the same */
    DefinitionBrief *brief;  /* atomic; made when first asked for */
    DefinitionCache *cache;  /* NULL: not kept. Set before others see it, cleared by its keeper */
    GList *link;             /* in cache->parsed, under its lock */
    GSList *retired;         /* under the cache's lock: forms that somebody may still be reading */
};

Definition *definition_new(DomainDef *def)
{
    Definition *definition = g_new0(Definition, 1);

    definition->refs = 1;
    definition->def = def;
    return definition;
}

Definition *definition_new_stored(char *xml)
{
    Definition *definition = definition_new(NULL);

    definition->texts[STORED_TEXT] = xml;
    return definition;
}

Definition *definition_ref(Definition *definition)
{
    g_atomic_int_inc(&definition->refs);
    return definition;
}

static void brief_free(DefinitionBrief *brief)
{
    if (brief == NULL)
        return;
    g_strfreev(brief->disks);
    g_strfreev(brief->sources);
    g_free(brief->nvram);
    g_free(brief);
}

static void free_texts(Definition *definition)
{
    for (guint i = 0; i < N_TEXTS; i++) {
        if (i == STORED_TEXT || definition->texts[i] != definition->texts[STORED_TEXT])
            g_free(definition->texts[i]);
    }
}

void definition_unref(Definition *definition)
{
    if (definition == NULL || !g_atomic_int_dec_and_test(&definition->refs))
        return;
    g_assert(definition->cache == NULL);
    free_texts(definition);
    brief_free(definition->brief);
    g_slist_free_full(definition->retired, (GDestroyNotify)domain_def_free);
    domain_def_free(definition->def);
    g_free(definition);
}

/* ---- the parsed form ---- */

/*
 * Under the cache's lock. A reader takes its reference first and the form then; here the form goes
 * first and the references are counted then (both full barriers). So a reader with a reference that
 * is not counted finds no form and makes its own, and one that is counted keeps this form alive.
 */
static void drop_form(Definition *definition)
{
    DomainDef *def = g_atomic_pointer_exchange(&definition->def, NULL);

    if (g_atomic_int_get(&definition->refs) == 1)
        domain_def_free(def);
    else if (!g_atomic_pointer_compare_and_exchange(&definition->def, NULL, def))
        definition->retired = g_slist_prepend(definition->retired, def);
}

static void note_parsed(DefinitionCache *cache, Definition *definition)
{
    g_mutex_lock(&cache->lock);
    if (definition->cache == cache && definition->link == NULL) { /* not released meanwhile */
        g_queue_push_tail(&cache->parsed, definition);
        definition->link = cache->parsed.tail;
    }
    if (cache->parsed.length > cache->max) {
        Definition *oldest = g_queue_pop_head(&cache->parsed);

        oldest->link = NULL;
        drop_form(oldest);
        if (g_atomic_pointer_get(&oldest->def) != NULL) { /* in use: its turn comes again */
            g_queue_push_tail(&cache->parsed, oldest);
            oldest->link = cache->parsed.tail;
        }
    }
    g_mutex_unlock(&cache->lock);
}

/* What we wrote can be read, unless one of our two sides is wrong; then the domain is there, and
 * cannot be started. */
static DomainDef *parse_stored(const char *xml)
{
    g_autoptr(GError) error = NULL;
    DomainDef *def = domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, &error);

    if (def != NULL)
        return def;
    g_critical("domain: a definition that was stored cannot be read: %s", error->message);
    def = domain_def_new();
    domain_def_peek(xml, &def->name, &def->uuid);
    def->os_type = g_strdup("hvm");
    return def;
}

const DomainDef *definition_def(Definition *definition)
{
    DefinitionCache *cache;
    DomainDef *def;

    while ((def = g_atomic_pointer_get(&definition->def)) == NULL) {
        def = parse_stored(definition->texts[STORED_TEXT]);
        if (!g_atomic_pointer_compare_and_exchange(&definition->def, NULL, def)) {
            domain_def_free(def); /* another thread was faster */
            continue;
        }
        cache = g_atomic_pointer_get(&definition->cache);
        if (cache != NULL)
            note_parsed(cache, definition);
        return def;
    }
    return def;
}

/* ---- what is kept beside it ---- */

static char *make_text(Definition *definition, DomainXmlFormatFlags flags)
{
    const DomainDef *def = definition_def(definition);
    /* Without live parts and without secrets all texts are one. */
    gboolean is_stored = flags != STORED_TEXT && def->id < 0 && !domain_def_has_secrets(def) &&
                         (flags & DOMAIN_XML_FORMAT_INACTIVE);
    char *text;

    if (is_stored)
        return (char *)definition_stored_xml(definition);
    text = domain_def_format(def, flags);
    return g_realloc(text, strlen(text) + 1); /* what it was written into is larger, it is kept */
}

const char *definition_xml(Definition *definition, DomainXmlFormatFlags flags)
{
    char **slot = &definition->texts[flags];
    char *text = g_atomic_pointer_get(slot);

    g_assert((guint)flags < N_TEXTS);
    if (text != NULL)
        return text;
    text = make_text(definition, flags);
    if (g_atomic_pointer_compare_and_exchange(slot, NULL, text))
        return text;
    if (flags == STORED_TEXT || text != definition->texts[STORED_TEXT])
        g_free(text); /* another thread was faster */
    return g_atomic_pointer_get(slot);
}

gboolean definition_has_xml(Definition *definition, DomainXmlFormatFlags flags)
{
    return g_atomic_pointer_get(&definition->texts[flags]) != NULL;
}

const char *definition_stored_xml(Definition *definition)
{
    return definition_xml(definition, STORED_TEXT);
}

static DefinitionTpm find_tpm(const DomainDef *def)
{
    for (guint i = 0; i < def->tpms->len; i++) {
        const DomainTpm *tpm = def->tpms->pdata[i];

        if (g_strcmp0(tpm->backend, "emulator") == 0)
            return tpm->persistent_state == DOMAIN_YES ? DEFINITION_TPM_STAYS
                                                       : DEFINITION_TPM_GOES;
    }
    return DEFINITION_NO_TPM;
}

static gboolean has_virtio_mem(const DomainDef *def)
{
    for (guint i = 0; i < def->memories->len; i++)
        if (strcmp(((const DomainMemory *)def->memories->pdata[i])->model, "virtio-mem") == 0)
            return TRUE;
    return FALSE;
}

static DefinitionBrief *make_brief(const DomainDef *def)
{
    DefinitionBrief *brief = g_new0(DefinitionBrief, 1);

    brief->memory_kib = def->memory_kib;
    brief->current_memory_kib =
        def->current_memory_kib != 0 ? def->current_memory_kib : def->memory_kib;
    brief->max_vcpus = def->vcpus_max;
    brief->vcpus = def->vcpus_current != 0 ? def->vcpus_current : def->vcpus_max;
    brief->nvram = g_strdup(def->nvram);
    brief->tpm = find_tpm(def);
    brief->has_virtio_mem = has_virtio_mem(def);
    brief->disks = g_new0(char *, def->disks->len + 1);
    brief->sources = g_new0(char *, def->disks->len + 1);
    for (guint i = 0; i < def->disks->len; i++) {
        const DomainDisk *disk = def->disks->pdata[i];

        brief->disks[i] = g_strdup(disk->target);
        brief->sources[i] = g_strdup(disk->source != NULL ? disk->source : "");
    }
    return brief;
}

const DefinitionBrief *definition_brief(Definition *definition)
{
    DefinitionBrief *brief = g_atomic_pointer_get(&definition->brief);

    if (brief != NULL)
        return brief;
    brief = make_brief(definition_def(definition));
    if (g_atomic_pointer_compare_and_exchange(&definition->brief, NULL, brief))
        return brief;
    brief_free(brief);
    return g_atomic_pointer_get(&definition->brief);
}

/* ---- keeping ---- */

DefinitionCache *definition_cache_new(guint max)
{
    DefinitionCache *cache = g_new0(DefinitionCache, 1);

    g_mutex_init(&cache->lock);
    g_queue_init(&cache->parsed);
    cache->max = max;
    return cache;
}

void definition_cache_free(DefinitionCache *cache)
{
    if (cache == NULL)
        return;
    g_assert(cache->parsed.length == 0);
    g_mutex_clear(&cache->lock);
    g_free(cache);
}

guint definition_cache_n_parsed(DefinitionCache *cache)
{
    guint n;

    g_mutex_lock(&cache->lock);
    n = cache->parsed.length;
    g_mutex_unlock(&cache->lock);
    return n;
}

Definition *definition_keep(Definition *definition, DefinitionCache *cache)
{
    definition_stored_xml(definition);
    /* What is asked most, while it is cheap. */
    if (g_atomic_pointer_get(&definition->def) != NULL) {
        definition_brief(definition);
        definition_xml(definition, DOMAIN_XML_FORMAT_INACTIVE);
    }
    g_atomic_pointer_set(&definition->cache, cache);
    if (g_atomic_pointer_get(&definition->def) != NULL)
        note_parsed(cache, definition);
    return definition;
}

void definition_release(Definition *definition)
{
    DefinitionCache *cache = definition != NULL ? definition->cache : NULL;

    if (cache != NULL) {
        g_mutex_lock(&cache->lock);
        g_atomic_pointer_set(&definition->cache, NULL);
        if (definition->link != NULL)
            g_queue_delete_link(&cache->parsed, g_steal_pointer(&definition->link));
        g_mutex_unlock(&cache->lock);
    }
    definition_unref(definition);
}
