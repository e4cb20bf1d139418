/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <blkiotune>, <memtune>, <memoryBacking>, <vcpus>, <iothreadids>, <cputune>, <numatune>. */
#include "def-classes.h"
#include "domain-xml.h"

#define F(field) offsetof(DomainBlkioDevice, field)
static const XmlRow blkio_device_rows[] = {
    { "path", XML_STRING, F(path), XML_REQUIRED },
    { "weight", XML_UINT, F(weight), .max = 1000 },
    { "read_iops_sec", XML_UINT, F(read_iops) },
    { "write_iops_sec", XML_UINT, F(write_iops) },
    { "read_bytes_sec", XML_ULONG, F(read_bytes) },
    { "write_bytes_sec", XML_ULONG, F(write_bytes) },
};
#undef F

static gboolean blkio_device_check(gpointer object, xmlNodePtr node, GError **error)
{
    if (((const DomainBlkioDevice *)object)->path != NULL)
        return TRUE;
    xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "missing per-device path");
    return FALSE;
}
XML_CLASS_DEFINE(domain_blkio_device_class, DomainBlkioDevice, blkio_device_rows,
                 blkio_device_check)

#define F(field) offsetof(DomainBlkiotune, field)
static const XmlRow blkiotune_rows[] = {
    { "weight", XML_UINT, F(weight), .max = 1000 },
    { "device", XML_LIST, F(devices), .item = &domain_blkio_device_class },
};
#undef F
XML_CLASS_DEFINE(domain_blkiotune_class, DomainBlkiotune, blkiotune_rows, NULL)

#define F(field) offsetof(DomainMemtune, field)
static const XmlRow memtune_rows[] = {
    { "hard_limit", XML_KIB, F(hard_limit_kib) },
    { "soft_limit", XML_KIB, F(soft_limit_kib) },
    /* No control group guarantees memory. */
    { "min_guarantee", XML_KIB, F(min_guarantee_kib), XML_KEPT },
    { "swap_hard_limit", XML_KIB, F(swap_hard_limit_kib) },
};
#undef F
XML_CLASS_DEFINE(domain_memtune_class, DomainMemtune, memtune_rows, NULL)

/* ---- memory ---- */

static const char *const memory_sources[] = { "", "anonymous", "file", "memfd", NULL };
static const char *const memory_accesses[] = { "", "shared", "private", NULL };
static const char *const memory_allocations[] = { "", "immediate", "ondemand", NULL };

#define F(field) offsetof(DomainHugePage, field)
static const XmlRow huge_page_rows[] = {
    { "@size", XML_KIB, F(size_kib), XML_REQUIRED | XML_ALWAYS },
    { "@nodeset", XML_STRING, F(nodeset) },
};
#undef F
XML_CLASS_DEFINE(domain_huge_page_class, DomainHugePage, huge_page_rows, NULL)

#define F(field) offsetof(DomainMemoryBacking, field)
static const XmlRow memory_backing_rows[] = {
    { "hugepages", XML_FLAG, F(hugepages) },
    { "hugepages/page", XML_LIST, F(pages), .item = &domain_huge_page_class },
    { "nosharepages", XML_FLAG, F(nosharepages) },
    { "locked", XML_FLAG, F(locked) },
    { "source/@type", XML_STRING, F(source), XML_REQUIRED, .words = memory_sources },
    { "access/@mode", XML_STRING, F(access), XML_REQUIRED, .words = memory_accesses },
    { "allocation/@mode", XML_STRING, F(allocation), .words = memory_allocations },
    { "allocation/@threads", XML_UINT, F(allocation_threads), XML_NONZERO, .max = 1024 },
    { "discard", XML_FLAG, F(discard) },
};
#undef F
XML_CLASS_DEFINE(domain_memory_backing_class, DomainMemoryBacking, memory_backing_rows, NULL)

/* ---- processors and threads ---- */

#define F(field) offsetof(DomainVcpu, field)
static const XmlRow vcpu_rows[] = {
    { "@id", XML_UINT, F(id), XML_REQUIRED | XML_ALWAYS },
    { "@enabled", XML_STRING, F(enabled), XML_REQUIRED, .words = xml_yes_no },
    { "@hotpluggable", XML_STRING, F(hotpluggable), XML_KEPT, .words = xml_yes_no },
    { "@order", XML_UINT, F(order), XML_KEPT | XML_NONZERO },
};
#undef F
XML_CLASS_DEFINE(domain_vcpu_class, DomainVcpu, vcpu_rows, NULL)

#define F(field) offsetof(DomainIothread, field)
static const XmlRow iothread_rows[] = {
    { "@id", XML_UINT, F(id), XML_REQUIRED | XML_NONZERO },
    { "@thread_pool_min", XML_INT, F(pool_min), XML_OPTIONAL, .def = "-1" },
    { "@thread_pool_max", XML_INT, F(pool_max), XML_OPTIONAL, .def = "-1" },
};
#undef F
XML_CLASS_DEFINE(domain_iothread_class, DomainIothread, iothread_rows, NULL)

#define F(field) offsetof(DomainIothreadPin, field)
static const XmlRow iothread_pin_rows[] = {
    { "@iothread", XML_UINT, F(iothread), XML_REQUIRED | XML_NONZERO },
    { "@cpuset", XML_STRING, F(cpuset), XML_REQUIRED },
};
#undef F
XML_CLASS_DEFINE(domain_iothread_pin_class, DomainIothreadPin, iothread_pin_rows, NULL)

static const char *const schedulers[] = { "", "batch", "idle", "fifo", "rr", NULL };

static gboolean sched_check(gpointer object, xmlNodePtr node, GError **error)
{
    const DomainSched *sched = object;
    gboolean realtime = *sched->scheduler == 'f' || *sched->scheduler == 'r';

    if (realtime && sched->priority < 0) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "Missing scheduler priority");
        return FALSE;
    }
    return TRUE;
}

#define F(field) offsetof(DomainSched, field)
#define SCHED_ROWS                                                                                 \
    { "@scheduler", XML_STRING, F(scheduler), XML_REQUIRED, .words = schedulers },                 \
    {                                                                                              \
        "@priority", XML_INT, F(priority), XML_OPTIONAL, .def = "-1"                               \
    }
static const XmlRow vcpu_sched_rows[] = {
    { "@vcpus", XML_STRING, F(which), XML_REQUIRED },
    SCHED_ROWS,
};
static const XmlRow iothread_sched_rows[] = {
    { "@iothreads", XML_STRING, F(which), XML_REQUIRED },
    SCHED_ROWS,
};
static const XmlRow emulator_sched_rows[] = { SCHED_ROWS };
#undef F
XML_CLASS_DEFINE(domain_vcpu_sched_class, DomainSched, vcpu_sched_rows, sched_check)
XML_CLASS_DEFINE(domain_iothread_sched_class, DomainSched, iothread_sched_rows, sched_check)
XML_CLASS_DEFINE(domain_emulator_sched_class, DomainSched, emulator_sched_rows, sched_check)

/* ---- host placement ---- */

static const char *const numa_modes[] = { "", "strict", "preferred", "interleave", NULL };
static const char *const other_numa_modes[] = { "restrictive", NULL };
static const char *const numa_placements[] = { "", "static", NULL };
static const char *const other_numa_placements[] = { "auto", NULL };

#define F(field) offsetof(DomainMemnode, field)
static const XmlRow memnode_rows[] = {
    { "@cellid", XML_UINT, F(cell), XML_REQUIRED | XML_ALWAYS },
    { "@mode", XML_STRING, F(mode), .words = numa_modes, .refused = other_numa_modes },
    { "@nodeset", XML_STRING, F(nodeset), XML_REQUIRED },
};
#undef F
XML_CLASS_DEFINE(domain_memnode_class, DomainMemnode, memnode_rows, NULL)

#define F(field) offsetof(DomainNumatune, field)
static const XmlRow numatune_rows[] = {
    { "memory/@mode", XML_STRING, F(mode), .words = numa_modes, .refused = other_numa_modes },
    { "memory/@nodeset", XML_STRING, F(nodeset) },
    { "memory/@placement", XML_STRING, F(placement), .words = numa_placements,
      .refused = other_numa_placements },
    { "memnode", XML_LIST, F(memnodes), .item = &domain_memnode_class },
};
#undef F
XML_CLASS_DEFINE(domain_numatune_class, DomainNumatune, numatune_rows, NULL)
