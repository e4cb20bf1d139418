/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <devices><memory>, and what a NUMA cell's <cache> and <interconnects> say of memory's speed. */
#include "def-classes.h"
#include "domain-xml.h"

#include <string.h>

/* ---- memory devices ---- */

static const char *const memory_models[] = {
    "", "dimm", "nvdimm", "virtio-mem", "virtio-pmem", NULL,
};
static const char *const other_memory_models[] = { "sgx-epc", NULL };
static const char *const accesses[] = { "", "shared", "private", NULL };

static gboolean memory_is(const void *object, const char *model)
{
    return g_strcmp0(((const DomainMemory *)object)->model, model) == 0;
}

static gboolean is_nvdimm(const void *object)
{
    return memory_is(object, "nvdimm");
}

static gboolean is_virtio_mem(const void *object)
{
    return memory_is(object, "virtio-mem");
}

static gboolean has_path(const void *object)
{
    return is_nvdimm(object) || memory_is(object, "virtio-pmem");
}

static gboolean has_pages(const void *object)
{
    return !has_path(object);
}

#define F(field) offsetof(DomainMemory, field)
static const XmlRow memory_rows[] = {
    { "@model", XML_STRING, F(model), XML_REQUIRED, .words = memory_models,
      .refused = other_memory_models },
    { "@access", XML_STRING, F(access), .words = accesses },
    { "@discard", XML_STRING, F(discard), .words = xml_yes_no },
    { "uuid", XML_REFUSED }, /* POWER's */
    { "source/nodemask", XML_STRING, F(nodemask), .when = has_pages },
    { "source/pagesize", XML_KIB, F(page_kib), .when = has_pages },
    { "source/path", XML_STRING, F(path), .when = has_path },
    { "source/alignsize", XML_KIB, F(align_kib), .when = is_nvdimm },
    { "source/pmem", XML_FLAG, F(pmem), .when = is_nvdimm },
    { "target/size", XML_KIB, F(size_kib) },
    { "target/node", XML_INT, F(node), XML_OPTIONAL, .def = "-1" },
    { "target/label/size", XML_KIB, F(label_kib), .when = is_nvdimm },
    { "target/readonly", XML_FLAG, F(readonly), .when = is_nvdimm },
    { "target/block", XML_KIB, F(block_kib), .when = is_virtio_mem },
    { "target/requested", XML_KIB, F(requested_kib), XML_ALWAYS, .when = is_virtio_mem },
    { "target/current", XML_KIB, F(current_kib), XML_LIVE | XML_ALWAYS, .when = is_virtio_mem },
    DEVICE_ALIAS_ROW(DomainMemory),
    DEVICE_PLACE_ROW(DomainMemory),
};
#undef F

/* What is missing or contradicts itself, in libvirt's words. */
static const char *memory_fault(const DomainMemory *memory)
{
    if (memory->size_kib == 0)
        return "missing or invalid size of a memory device";
    if (has_path(memory) && memory->path == NULL)
        return is_nvdimm(memory) ? "path is required for model 'nvdimm'"
                                 : "path is required for model 'virtio-pmem'";
    if (memory->label_kib != 0 && memory->label_kib < 128)
        return "nvdimm label must be at least 128KiB";
    if (memory->label_kib != 0 && memory->label_kib >= memory->size_kib)
        return "label size must be smaller than NVDIMM size";
    if (memory->discard != NULL && !has_pages(memory))
        return "discard is not supported for this memory device";
    if (!is_virtio_mem(memory))
        return NULL;
    if (memory->block_kib == 0)
        return "missing or invalid block size of a virtio-mem memory device";
    if ((memory->block_kib & (memory->block_kib - 1)) != 0)
        return "block size must be a power of two";
    if (memory->size_kib % memory->block_kib != 0)
        return "size must be a multiple of block size";
    if (memory->requested_kib > memory->size_kib)
        return "requested size must be smaller than or equal to @size";
    if (memory->requested_kib % memory->block_kib != 0)
        return "requested size must be an integer multiple of block size";
    return NULL;
}

static gboolean memory_check(gpointer object, xmlNodePtr node, GError **error)
{
    const char *fault = memory_fault(object);

    if (fault != NULL)
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "%s", fault);
    return fault == NULL;
}
XML_CLASS_DEFINE(domain_memory_class, DomainMemory, memory_rows, memory_check)

/* ---- the speed of memory ---- */

static const char *const associativities[] = { "", "none", "direct", "full", NULL };
static const char *const cache_policies[] = { "", "none", "writeback", "writethrough", NULL };

#define F(field) offsetof(DomainNumaCache, field)
static const XmlRow cache_rows[] = {
    { "@level", XML_UINT, F(level), XML_REQUIRED | XML_NONZERO, .max = 3 },
    { "@associativity", XML_STRING, F(associativity), XML_REQUIRED, .words = associativities },
    { "@policy", XML_STRING, F(policy), XML_REQUIRED, .words = cache_policies },
    { "size/@value", XML_KIB, F(size_kib), XML_REQUIRED | XML_NONZERO },
    { "line/@value", XML_BYTES, F(line_bytes), XML_REQUIRED | XML_NONZERO },
};
#undef F

static gboolean cache_check(gpointer object, xmlNodePtr node, GError **error)
{
    const DomainNumaCache *cache = object;

    if (cache->size_kib != 0 && cache->line_bytes != 0)
        return TRUE;
    xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "missing size or line of a NUMA cache");
    return FALSE;
}
XML_CLASS_DEFINE(domain_numa_cache_class, DomainNumaCache, cache_rows, cache_check)

static const char *const link_types[] = { "", "access", "read", "write", NULL };

#define F(field) offsetof(DomainInterconnect, field)
#define LINK_ROWS(kind)                                                                            \
    { "@initiator", XML_UINT, F(initiator), XML_REQUIRED | XML_ALWAYS },                           \
        { "@target", XML_UINT, F(target), XML_REQUIRED | XML_ALWAYS },                             \
        { "@cache", XML_UINT, F(cache), .max = 3 },                                                \
        { "@type", XML_STRING, F(type), XML_REQUIRED, .words = link_types },                       \
    {                                                                                              \
        "@value", kind, F(value), XML_REQUIRED | XML_NONZERO                                       \
    }
static const XmlRow latency_rows[] = { LINK_ROWS(XML_ULONG) };
static const XmlRow bandwidth_rows[] = { LINK_ROWS(XML_KIB) };
#undef F
XML_CLASS_DEFINE(domain_latency_class, DomainInterconnect, latency_rows, NULL)
XML_CLASS_DEFINE(domain_bandwidth_link_class, DomainInterconnect, bandwidth_rows, NULL)
