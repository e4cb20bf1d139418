/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The finer points of an HVM guest's machine: CPU, enlightenments, chipset, timers, firmware's
 * strings. xl.cfg(5) has no words for them. */
#include "map.h"

#include <string.h>

#include "def-classes.h"

static KxlTristate to_kxl(int tristate)
{
    return tristate == DOMAIN_ABSENT ? KXL_DEFAULT : tristate == DOMAIN_YES ? KXL_YES : KXL_NO;
}

static KxlTristate word_to_kxl(const char *word)
{
    if (word == NULL)
        return KXL_DEFAULT;
    return strcmp(word, "yes") == 0 || strcmp(word, "on") == 0 ? KXL_YES : KXL_NO;
}

/* ---- flags ---- */

static void add_switch(GStrvBuilder *flags, const char *name, int tristate)
{
    g_autofree char *flag = g_strdup_printf("%s=%s", name, tristate == DOMAIN_YES ? "on" : "off");

    if (tristate != DOMAIN_ABSENT)
        g_strv_builder_add(flags, flag);
}

/* Which number of a struct is which of QEMU's flags. */
typedef struct {
    gsize offset;
    const char *flag;
} FlagRow;

static void add_switches(GStrvBuilder *flags, const FlagRow *rows, guint n, gconstpointer object)
{
    for (guint i = 0; object != NULL && i < n; i++)
        add_switch(flags, rows[i].flag, G_STRUCT_MEMBER(int, object, rows[i].offset));
}

static void add_hyperv(GStrvBuilder *flags, const DomainHyperv *hyperv)
{
    static const FlagRow rows[] = {
        { offsetof(DomainHyperv, relaxed), "hv-relaxed" },
        { offsetof(DomainHyperv, vapic), "hv-vapic" },
        { offsetof(DomainHyperv, vpindex), "hv-vpindex" },
        { offsetof(DomainHyperv, runtime), "hv-runtime" },
        { offsetof(DomainHyperv, synic), "hv-synic" },
        { offsetof(DomainHyperv, stimer), "hv-stimer" },
        { offsetof(DomainHyperv, stimer_direct), "hv-stimer-direct" },
        { offsetof(DomainHyperv, reset), "hv-reset" },
        { offsetof(DomainHyperv, frequencies), "hv-frequencies" },
        { offsetof(DomainHyperv, reenlightenment), "hv-reenlightenment" },
        { offsetof(DomainHyperv, tlbflush), "hv-tlbflush" },
        { offsetof(DomainHyperv, ipi), "hv-ipi" },
        { offsetof(DomainHyperv, evmcs), "hv-evmcs" },
        { offsetof(DomainHyperv, avic), "hv-avic" },
    };

    if (hyperv == NULL)
        return;
    if (g_strcmp0(hyperv->mode, "passthrough") == 0)
        g_strv_builder_add(flags, "hv-passthrough=on");
    add_switches(flags, rows, G_N_ELEMENTS(rows), hyperv);
    if (hyperv->spinlocks == DOMAIN_YES) {
        g_autofree char *flag = g_strdup_printf("hv-spinlocks=%#x", hyperv->spinlocks_retries);
        g_strv_builder_add(flags, flag);
    }
    if (hyperv->vendor_id == DOMAIN_YES) {
        g_autofree char *flag = g_strdup_printf("hv-vendor-id=%s", hyperv->vendor_id_value);
        g_strv_builder_add(flags, flag);
    }
}

static void add_kvm(GStrvBuilder *flags, const DomainKvm *kvm)
{
    static const FlagRow rows[] = {
        { offsetof(DomainKvm, hint_dedicated), "kvm-hint-dedicated" },
        { offsetof(DomainKvm, poll_control), "kvm-poll-control" },
        { offsetof(DomainKvm, pv_ipi), "kvm-pv-ipi" },
    };

    if (kvm == NULL)
        return;
    add_switches(flags, rows, G_N_ELEMENTS(rows), kvm);
    if (kvm->hidden == DOMAIN_YES)
        g_strv_builder_add(flags, "kvm=off");
}

static const DomainTimer *find_timer(const DomainDef *def, const char *name)
{
    for (guint i = 0; i < def->timers->len; i++) {
        const DomainTimer *timer = g_ptr_array_index(def->timers, i);
        if (strcmp(timer->name, name) == 0)
            return timer;
    }
    return NULL;
}

static char **kvm_flags(const DomainDef *def)
{
    g_autoptr(GStrvBuilder) flags = g_strv_builder_new();
    const DomainTimer *kvmclock = find_timer(def, "kvmclock");
    const DomainTimer *hypervclock = find_timer(def, "hypervclock");

    if (def->features.apic_eoi != NULL)
        add_switch(flags, "kvm-pv-eoi",
                   strcmp(def->features.apic_eoi, "on") == 0 ? DOMAIN_YES : DOMAIN_NO);
    add_switch(flags, "kvm-pv-unhalt", def->features.pvspinlock);
    if (kvmclock != NULL)
        add_switch(flags, "kvmclock", kvmclock->present);
    if (hypervclock != NULL)
        add_switch(flags, "hv-time", hypervclock->present);
    add_hyperv(flags, def->features.hyperv);
    add_kvm(flags, def->features.kvm);
    char **list = g_strv_builder_end(flags);
    if (list[0] == NULL)
        g_clear_pointer(&list, g_strfreev);
    return list;
}

/* ---- the CPU ---- */

/* What the mode host-passthrough asks for is in cpuid=, where xl.cfg(5) has it. */
static char **cpu_features(const DomainCpu *cpu)
{
    g_autoptr(GStrvBuilder) features = g_strv_builder_new();

    if (cpu->features->len == 0 || g_strcmp0(cpu->mode, "host-passthrough") == 0)
        return NULL;
    for (guint i = 0; i < cpu->features->len; i++) {
        const DomainCpuFeature *feature = g_ptr_array_index(cpu->features, i);
        gboolean off =
            strcmp(feature->policy, "disable") == 0 || strcmp(feature->policy, "forbid") == 0;
        g_autofree char *flag = g_strdup_printf("%s=%s", feature->name, off ? "off" : "on");

        g_strv_builder_add(features, flag);
    }
    return g_strv_builder_end(features);
}

static void map_cpu(const DomainCpu *from, KxlCpu *cpu)
{
    cpu->mode = g_strdup(from->mode);
    cpu->model = g_strdup(from->model);
    cpu->vendor_id = g_strdup(from->vendor_id);
    cpu->features = cpu_features(from);
    cpu->enforce = g_strcmp0(from->check, "full") == 0;
    cpu->migratable = to_kxl(from->migratable);
    cpu->cache_mode = g_strdup(from->cache_mode);
    cpu->phys_mode = g_strdup(from->maxphysaddr_mode);
    cpu->phys_bits = from->maxphysaddr_bits;
    cpu->sockets = from->sockets;
    cpu->dies = from->dies;
    cpu->cores = from->cores;
    cpu->threads = from->threads;
}

/* ---- timers and the board ---- */

static void map_timers(const DomainDef *def, KxlDomainConfig *config)
{
    const DomainTimer *rtc = find_timer(def, "rtc"), *pit = find_timer(def, "pit");
    const DomainTimer *tsc = find_timer(def, "tsc");

    if (tsc != NULL)
        config->cpu.tsc_hz = tsc->frequency;
    if (rtc != NULL) {
        config->board.rtc_track = g_strdup(rtc->track);
        config->board.rtc_catchup = g_strcmp0(rtc->tickpolicy, "catchup") == 0;
    }
    if (pit != NULL) {
        if (pit->present == DOMAIN_NO)
            config->board.pit = KXL_NO;
        config->board.pit_policy = g_strdup(pit->tickpolicy);
    }
}

static void map_secure_boot(const DomainDef *def, KxlBoard *board)
{
    for (guint i = 0; i < def->firmware_features->len; i++) {
        const DomainFirmwareFeature *feature = g_ptr_array_index(def->firmware_features, i);
        gboolean keys = strcmp(feature->name, "enrolled-keys") == 0;

        *(keys ? &board->enrolled_keys : &board->secure_boot) = word_to_kxl(feature->enabled);
    }
    if (g_strcmp0(def->loader_secure, "yes") != 0)
        return;
    board->secure_flash = TRUE;
    /* Chosen firmware has it too then. */
    if (def->loader == NULL && board->secure_boot == KXL_DEFAULT)
        board->secure_boot = KXL_YES;
}

static void map_board(const DomainDef *def, KxlBoard *board)
{
    if (domain_is_q35(def))
        board->machine = g_strdup("q35");
    map_secure_boot(def, board);
    board->smm = to_kxl(def->features.smm);
    board->vmport = to_kxl(def->features.vmport);
    board->vmcoreinfo = def->features.vmcoreinfo == DOMAIN_YES;
    board->ioapic = g_strdup(def->features.ioapic);
    board->s3 = word_to_kxl(def->suspend_to_mem);
    board->s4 = word_to_kxl(def->suspend_to_disk);
    board->generation_id = g_strdup(def->genid);
    board->console_output = g_strcmp0(def->bios_useserial, "yes") == 0;
    if (def->bootmenu_timeout != NULL)
        board->splash_ms = (int)g_ascii_strtoll(def->bootmenu_timeout, NULL, 10);
    if (def->bios_reboot_timeout != NULL)
        board->reboot_timeout_ms = (int)g_ascii_strtoll(def->bios_reboot_timeout, NULL, 10);
    board->nvram_template = g_strdup(def->nvram_template);
}

/* ---- SMBIOS and fw_cfg ---- */

/* A value within one of QEMU's comma-separated options. */
static void append_quoted(GString *text, const char *value)
{
    for (; *value != '\0'; value++)
        g_string_append(text, *value == ',' ? ",," : (const char[]){ *value, '\0' });
}

static void add_smbios(GStrvBuilder *lines, guint type, const GPtrArray *entries)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "type=%u", type);
    for (guint i = 0; i < entries->len; i++) {
        const DomainSysinfoEntry *entry = g_ptr_array_index(entries, i);
        if (entry->text == NULL)
            continue;
        /* type 11 has strings without names */
        g_string_append_printf(text, ",%s=", entry->name != NULL ? entry->name : "value");
        append_quoted(text, entry->text);
    }
    if (strchr(text->str, ',') != NULL)
        g_strv_builder_add(lines, text->str);
    g_string_free(text, TRUE);
}

/* SMBIOS 3.6: BIOS information 0, system 1, board 2, chassis 3, OEM strings 11. */
static void add_smbios_tables(GStrvBuilder *lines, const DomainSysinfo *sysinfo)
{
    add_smbios(lines, 0, sysinfo->bios);
    add_smbios(lines, 1, sysinfo->system);
    for (guint i = 0; i < sysinfo->boards->len; i++)
        add_smbios(lines, 2, ((DomainBaseBoard *)g_ptr_array_index(sysinfo->boards, i))->entries);
    add_smbios(lines, 3, sysinfo->chassis);
    add_smbios(lines, 11, sysinfo->oem_strings);
}

static void add_fw_cfg(GStrvBuilder *files, const DomainSysinfo *sysinfo)
{
    for (guint i = 0; i < sysinfo->entries->len; i++) {
        const DomainSysinfoEntry *entry = g_ptr_array_index(sysinfo->entries, i);
        GString *text = g_string_new("name=");

        append_quoted(text, entry->name);
        g_string_append(text, entry->file != NULL ? ",file=" : ",string=");
        append_quoted(text, entry->file != NULL   ? entry->file
                            : entry->text != NULL ? entry->text
                                                  : "");
        g_strv_builder_add(files, text->str);
        g_string_free(text, TRUE);
    }
}

static void map_sysinfo(const DomainDef *def, KxlBoard *board)
{
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    g_autoptr(GStrvBuilder) files = g_strv_builder_new();

    board->smbios_host = g_strcmp0(def->smbios_mode, "host") == 0;
    for (guint i = 0; i < def->sysinfos->len; i++) {
        const DomainSysinfo *sysinfo = g_ptr_array_index(def->sysinfos, i);

        if (strcmp(sysinfo->type, "fwcfg") == 0)
            add_fw_cfg(files, sysinfo);
        else if (g_strcmp0(def->smbios_mode, "sysinfo") == 0)
            add_smbios_tables(lines, sysinfo);
    }
    board->smbios = g_strv_builder_end(lines);
    board->fw_cfg = g_strv_builder_end(files);
    if (board->smbios[0] == NULL)
        g_clear_pointer(&board->smbios, g_strfreev);
    if (board->fw_cfg[0] == NULL)
        g_clear_pointer(&board->fw_cfg, g_strfreev);
}

static void map_acpi_table(const char *path, KxlBoard *board)
{
    GString *text = g_string_new("sig=SLIC,file=");

    append_quoted(text, path);
    board->acpi_tables = g_new0(char *, 2);
    board->acpi_tables[0] = g_string_free(text, FALSE);
}

/* ---- the emulator's own ---- */

static void map_environment(const DomainDef *def, KxlDomainConfig *config)
{
    if (def->qemu_env->len == 0)
        return;
    config->device_model_env = g_new0(char *, def->qemu_env->len + 1);
    for (guint i = 0; i < def->qemu_env->len; i++) {
        const DomainEnvironment *variable = g_ptr_array_index(def->qemu_env, i);
        config->device_model_env[i] = g_strdup_printf(
            "%s=%s", variable->name, variable->value != NULL ? variable->value : "");
    }
}

gboolean map_machine_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    map_environment(def, config);
    config->timezone = g_strdup(def->clock_timezone);
    if (def->clock_start != NULL)
        config->clock_start_s = g_ascii_strtoll(def->clock_start, NULL, 10);
    config->tb_cache_kb = def->features.tb_cache_kib;
    if (config->type != KXL_TYPE_HVM)
        return TRUE;
    if (def->cpu != NULL)
        map_cpu(def->cpu, &config->cpu);
    config->cpu.kvm_flags = kvm_flags(def);
    config->cpu.pmu = to_kxl(def->features.pmu);
    if (def->features.kvm != NULL && def->features.kvm->dirty_ring == DOMAIN_YES)
        config->cpu.dirty_ring = def->features.kvm->dirty_ring_size;
    map_timers(def, config);
    map_board(def, &config->board);
    map_sysinfo(def, &config->board);
    if (def->acpi_slic != NULL)
        map_acpi_table(def->acpi_slic, &config->board);
    return TRUE;
}
