/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kxl-tuning.h as rows. libxl has none of this: the keys are ours, below "kanzen" in the JSON. */
#include "config.h"

#include "kxl-config.h"

static const KxlField cpu_rows[] = {
    KXL_ROW("mode", STRING, KxlCpu, mode),
    KXL_ROW("model", STRING, KxlCpu, model),
    KXL_ROW("vendor_id", STRING, KxlCpu, vendor_id),
    KXL_ROW("features", STRV, KxlCpu, features),
    KXL_ROW("kvm_flags", STRV, KxlCpu, kvm_flags),
    KXL_ROW("enforce", BOOL, KxlCpu, enforce),
    KXL_ROW_INIT("migratable", DEFBOOL, KxlCpu, migratable, KXL_DEFAULT),
    KXL_ROW("cache_mode", STRING, KxlCpu, cache_mode),
    KXL_ROW("phys_mode", STRING, KxlCpu, phys_mode),
    KXL_ROW("phys_bits", UINT, KxlCpu, phys_bits),
    KXL_ROW_INIT("pmu", DEFBOOL, KxlCpu, pmu, KXL_DEFAULT),
    KXL_ROW("tsc_hz", UINT64, KxlCpu, tsc_hz),
    KXL_ROW("dirty_ring", UINT, KxlCpu, dirty_ring),
    KXL_ROW("sockets", UINT, KxlCpu, sockets),
    KXL_ROW("dies", UINT, KxlCpu, dies),
    KXL_ROW("cores", UINT, KxlCpu, cores),
    KXL_ROW("threads", UINT, KxlCpu, threads),
};
KXL_TYPE_DEFINE(cpu, KxlCpu, cpu_rows)

static const KxlField numa_distance_rows[] = {
    KXL_ROW("to", UINT, KxlNumaDistance, to),
    KXL_ROW("value", UINT, KxlNumaDistance, value),
};
KXL_TYPE_DEFINE_NEW(numa_distance, KxlNumaDistance, numa_distance_rows)

static const KxlField numa_cache_rows[] = {
    KXL_ROW("level", UINT, KxlNumaCache, level),
    KXL_ROW("size_kb", UINT64, KxlNumaCache, size_kb),
    KXL_ROW("line_bytes", UINT64, KxlNumaCache, line_bytes),
    KXL_ROW("associativity", STRING, KxlNumaCache, associativity),
    KXL_ROW("policy", STRING, KxlNumaCache, policy),
};
KXL_TYPE_DEFINE_NEW(numa_cache, KxlNumaCache, numa_cache_rows)

static const KxlField interconnect_rows[] = {
    KXL_ROW("bandwidth", BOOL, KxlInterconnect, bandwidth),
    KXL_ROW("initiator", UINT, KxlInterconnect, initiator),
    KXL_ROW("target", UINT, KxlInterconnect, target),
    KXL_ROW("cache", UINT, KxlInterconnect, cache),
    KXL_ROW("type", STRING, KxlInterconnect, type),
    KXL_ROW("value", UINT64, KxlInterconnect, value),
};
KXL_TYPE_DEFINE_NEW(interconnect, KxlInterconnect, interconnect_rows)

static const KxlField device_memory_rows[] = {
    KXL_ROW_INIT("devid", INT, KxlDeviceMemory, devid, -1),
    KXL_ROW("model", STRING, KxlDeviceMemory, model),
    KXL_ROW("size_kb", UINT64, KxlDeviceMemory, size_kb),
    KXL_ROW_INIT("node", INT, KxlDeviceMemory, node, -1),
    KXL_ROW("access", STRING, KxlDeviceMemory, access),
    KXL_ROW_INIT("discard", DEFBOOL, KxlDeviceMemory, discard, KXL_DEFAULT),
    KXL_ROW("page_kb", UINT64, KxlDeviceMemory, page_kb),
    KXL_ROW("nodes", STRING, KxlDeviceMemory, nodes),
    KXL_ROW("path", STRING, KxlDeviceMemory, path),
    KXL_ROW("align_kb", UINT64, KxlDeviceMemory, align_kb),
    KXL_ROW("label_kb", UINT64, KxlDeviceMemory, label_kb),
    KXL_ROW("persistent", BOOL, KxlDeviceMemory, persistent),
    KXL_ROW("read_only", BOOL, KxlDeviceMemory, read_only),
    KXL_ROW("block_kb", UINT64, KxlDeviceMemory, block_kb),
    KXL_ROW("requested_kb", UINT64, KxlDeviceMemory, requested_kb),
    KXL_ROW_INIT("slot", INT, KxlDeviceMemory, slot, -1),
    KXL_ROW("base", UINT64, KxlDeviceMemory, base),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceMemory, address, address),
};
KXL_TYPE_DEFINE_NEW(device_memory, KxlDeviceMemory, device_memory_rows)

guint64 kxl_modules_kb(const KxlDomainConfig *config)
{
    guint64 sum = 0;

    for (guint i = 0; i < config->memories->len; i++)
        sum += ((const KxlDeviceMemory *)config->memories->pdata[i])->size_kb;
    return sum;
}

static const KxlField numa_cell_rows[] = {
    KXL_ROW("cpus", STRING, KxlNumaCell, cpus),
    KXL_ROW("memkb", UINT64, KxlNumaCell, memkb),
    KXL_ROW("access", STRING, KxlNumaCell, access),
    KXL_ROW_INIT("discard", DEFBOOL, KxlNumaCell, discard, KXL_DEFAULT),
    KXL_ROW("mode", STRING, KxlNumaCell, mode),
    KXL_ROW("nodes", STRING, KxlNumaCell, nodes),
    KXL_ROW_TYPE("distances", ARRAY, KxlNumaCell, distances, numa_distance),
    KXL_ROW_TYPE("caches", ARRAY, KxlNumaCell, caches, numa_cache),
};
KXL_TYPE_DEFINE_NEW(numa_cell, KxlNumaCell, numa_cell_rows)

static const KxlField huge_page_rows[] = {
    KXL_ROW("size_kb", UINT64, KxlHugePage, size_kb),
    KXL_ROW("cells", STRING, KxlHugePage, cells),
};
KXL_TYPE_DEFINE_NEW(huge_page, KxlHugePage, huge_page_rows)

static const KxlField memory_rows[] = {
    KXL_ROW("huge", BOOL, KxlMemory, huge),
    KXL_ROW_TYPE("pages", ARRAY, KxlMemory, pages, huge_page),
    KXL_ROW("source", STRING, KxlMemory, source),
    KXL_ROW("access", STRING, KxlMemory, access),
    KXL_ROW("prealloc", BOOL, KxlMemory, prealloc),
    KXL_ROW("prealloc_threads", UINT, KxlMemory, prealloc_threads),
    KXL_ROW("locked", BOOL, KxlMemory, locked),
    KXL_ROW("no_merge", BOOL, KxlMemory, no_merge),
    KXL_ROW("discard", BOOL, KxlMemory, discard),
    KXL_ROW_INIT("dump_guest", DEFBOOL, KxlMemory, dump_guest, KXL_DEFAULT),
    KXL_ROW("mode", STRING, KxlMemory, mode),
    KXL_ROW("nodes", STRING, KxlMemory, nodes),
    KXL_ROW("hotplug_max_kb", UINT64, KxlMemory, hotplug_max_kb),
    KXL_ROW("hotplug_slots", UINT, KxlMemory, hotplug_slots),
};
KXL_TYPE_DEFINE(memory, KxlMemory, memory_rows)

static const KxlField iothread_rows[] = {
    KXL_ROW("id", UINT, KxlIothread, id),
    KXL_ROW_INIT("pool_min", INT, KxlIothread, pool_min, -1),
    KXL_ROW_INIT("pool_max", INT, KxlIothread, pool_max, -1),
    KXL_ROW("cpus", STRING, KxlIothread, cpus),
};
KXL_TYPE_DEFINE_NEW(iothread, KxlIothread, iothread_rows)

static const KxlField scheduler_rows[] = {
    KXL_ROW("kind", STRING, KxlScheduler, kind),
    KXL_ROW("which", STRING, KxlScheduler, which),
    KXL_ROW("policy", STRING, KxlScheduler, policy),
    KXL_ROW("priority", UINT, KxlScheduler, priority),
};
KXL_TYPE_DEFINE_NEW(scheduler, KxlScheduler, scheduler_rows)

static const KxlField blkio_device_rows[] = {
    KXL_ROW("path", STRING, KxlBlkioDevice, path),
    KXL_ROW("weight", UINT, KxlBlkioDevice, weight),
    KXL_ROW("read_iops", UINT64, KxlBlkioDevice, read_iops),
    KXL_ROW("write_iops", UINT64, KxlBlkioDevice, write_iops),
    KXL_ROW("read_bytes", UINT64, KxlBlkioDevice, read_bytes),
    KXL_ROW("write_bytes", UINT64, KxlBlkioDevice, write_bytes),
};
KXL_TYPE_DEFINE_NEW(blkio_device, KxlBlkioDevice, blkio_device_rows)

static const KxlField bandwidth_rows[] = {
    KXL_ROW("period", UINT64, KxlBandwidth, period),
    KXL_ROW("quota", INT64, KxlBandwidth, quota),
};
KXL_TYPE_DEFINE(bandwidth, KxlBandwidth, bandwidth_rows)

static const KxlField limits_rows[] = {
    KXL_ROW("partition", STRING, KxlLimits, partition),
    KXL_ROW_TYPE("global", STRUCT, KxlLimits, global, bandwidth),
    KXL_ROW_TYPE("vcpu", STRUCT, KxlLimits, vcpu, bandwidth),
    KXL_ROW_TYPE("emulator", STRUCT, KxlLimits, emulator, bandwidth),
    KXL_ROW_TYPE("iothread", STRUCT, KxlLimits, iothread, bandwidth),
    KXL_ROW("emulator_cpus", STRING, KxlLimits, emulator_cpus),
    KXL_ROW_TYPE("schedulers", ARRAY, KxlLimits, schedulers, scheduler),
    KXL_ROW("mem_hard_kb", UINT64, KxlLimits, mem_hard_kb),
    KXL_ROW("mem_soft_kb", UINT64, KxlLimits, mem_soft_kb),
    KXL_ROW("swap_hard_kb", UINT64, KxlLimits, swap_hard_kb),
    KXL_ROW("blkio_weight", UINT, KxlLimits, blkio_weight),
    KXL_ROW_TYPE("blkio_devices", ARRAY, KxlLimits, blkio_devices, blkio_device),
};
KXL_TYPE_DEFINE(limits, KxlLimits, limits_rows)

static const KxlField board_rows[] = {
    KXL_ROW("machine", STRING, KxlBoard, machine),
    KXL_ROW_INIT("secure_boot", DEFBOOL, KxlBoard, secure_boot, KXL_DEFAULT),
    KXL_ROW_INIT("enrolled_keys", DEFBOOL, KxlBoard, enrolled_keys, KXL_DEFAULT),
    KXL_ROW("secure_flash", BOOL, KxlBoard, secure_flash),
    KXL_ROW_INIT("smm", DEFBOOL, KxlBoard, smm, KXL_DEFAULT),
    KXL_ROW_INIT("vmport", DEFBOOL, KxlBoard, vmport, KXL_DEFAULT),
    KXL_ROW_INIT("s3", DEFBOOL, KxlBoard, s3, KXL_DEFAULT),
    KXL_ROW_INIT("s4", DEFBOOL, KxlBoard, s4, KXL_DEFAULT),
    KXL_ROW_INIT("pit", DEFBOOL, KxlBoard, pit, KXL_DEFAULT),
    KXL_ROW("ioapic", STRING, KxlBoard, ioapic),
    KXL_ROW("vmcoreinfo", BOOL, KxlBoard, vmcoreinfo),
    KXL_ROW("generation_id", STRING, KxlBoard, generation_id),
    KXL_ROW("console_output", BOOL, KxlBoard, console_output),
    KXL_ROW_INIT("splash_ms", INT, KxlBoard, splash_ms, -1),
    KXL_ROW_INIT("reboot_timeout_ms", INT, KxlBoard, reboot_timeout_ms, -2),
    KXL_ROW("smbios_host", BOOL, KxlBoard, smbios_host),
    KXL_ROW("smbios", STRV, KxlBoard, smbios),
    KXL_ROW("fw_cfg", STRV, KxlBoard, fw_cfg),
    KXL_ROW("acpi_tables", STRV, KxlBoard, acpi_tables),
    KXL_ROW("nvram_template", STRING, KxlBoard, nvram_template),
    KXL_ROW("rtc_catchup", BOOL, KxlBoard, rtc_catchup),
    KXL_ROW("rtc_track", STRING, KxlBoard, rtc_track),
    KXL_ROW("pit_policy", STRING, KxlBoard, pit_policy),
};
KXL_TYPE_DEFINE(board, KxlBoard, board_rows)
