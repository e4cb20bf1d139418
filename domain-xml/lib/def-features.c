/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <hyperv> and <kvm> of <features>, <sysinfo>, <os><firmware>, <perf>, and the environment of the
 * emulator. */
#include "def-classes.h"

#include <string.h>

#include "domain-xml.h"

static const char *const hyperv_modes[] = { "", "custom", "passthrough", NULL };

/* A switch: <name state='on'/>, which the bare <name/> is too. */
#define SWITCH(name, Type, field)                                                                  \
    {                                                                                              \
        name "/@state", XML_WORD, offsetof(Type, field), XML_IMPLIED, .words = xml_on_off,         \
                                                                      .def = "on"                  \
    }

#define F(field) offsetof(DomainHyperv, field)
static const XmlRow hyperv_rows[] = {
    { "@mode", XML_STRING, F(mode), .words = hyperv_modes },
    SWITCH("relaxed", DomainHyperv, relaxed),
    SWITCH("vapic", DomainHyperv, vapic),
    SWITCH("spinlocks", DomainHyperv, spinlocks),
    { "spinlocks/@retries", XML_UINT, F(spinlocks_retries) },
    SWITCH("vpindex", DomainHyperv, vpindex),
    SWITCH("runtime", DomainHyperv, runtime),
    SWITCH("synic", DomainHyperv, synic),
    SWITCH("stimer", DomainHyperv, stimer),
    SWITCH("stimer/direct", DomainHyperv, stimer_direct),
    SWITCH("reset", DomainHyperv, reset),
    SWITCH("vendor_id", DomainHyperv, vendor_id),
    { "vendor_id/@value", XML_STRING, F(vendor_id_value) },
    SWITCH("frequencies", DomainHyperv, frequencies),
    SWITCH("reenlightenment", DomainHyperv, reenlightenment),
    SWITCH("tlbflush", DomainHyperv, tlbflush),
    SWITCH("ipi", DomainHyperv, ipi),
    SWITCH("evmcs", DomainHyperv, evmcs),
    SWITCH("avic", DomainHyperv, avic),
};
#undef F

static gboolean hyperv_check(gpointer object, xmlNodePtr node, GError **error)
{
    const DomainHyperv *hyperv = object;

    if (hyperv->spinlocks == DOMAIN_YES && hyperv->spinlocks_retries < 0xFFF) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "HyperV spinlock retry count must be at least 4095");
        return FALSE;
    }
    if (hyperv->vendor_id == DOMAIN_YES &&
        (hyperv->vendor_id_value == NULL || strlen(hyperv->vendor_id_value) > 12 ||
         strpbrk(hyperv->vendor_id_value, ",") != NULL)) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "HyperV vendor_id value must be of at most 12 characters and without a comma");
        return FALSE;
    }
    return TRUE;
}
XML_CLASS_DEFINE(domain_hyperv_class, DomainHyperv, hyperv_rows, hyperv_check)

static const XmlRow kvm_rows[] = {
    SWITCH("hidden", DomainKvm, hidden),
    SWITCH("hint-dedicated", DomainKvm, hint_dedicated),
    SWITCH("poll-control", DomainKvm, poll_control),
    SWITCH("pv-ipi", DomainKvm, pv_ipi),
    SWITCH("dirty-ring", DomainKvm, dirty_ring),
    { "dirty-ring/@size", XML_UINT, offsetof(DomainKvm, dirty_ring_size) },
};

/* linux/kvm.h: the ring's entries are a power of two, of at least a page. */
static gboolean kvm_check(gpointer object, xmlNodePtr node, GError **error)
{
    const DomainKvm *kvm = object;
    guint size = kvm->dirty_ring_size;

    if (kvm->dirty_ring != DOMAIN_YES ||
        (size >= 1024 && size <= 65536 && (size & (size - 1)) == 0))
        return TRUE;
    xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
              "dirty ring must be power of 2 and ranges [1024, 65536]");
    return FALSE;
}
XML_CLASS_DEFINE(domain_kvm_class, DomainKvm, kvm_rows, kvm_check)

/* ---- what firmware tells ---- */

static const char *const sysinfo_types[] = { "", "smbios", "fwcfg", NULL };

#define F(field) offsetof(DomainSysinfoEntry, field)
static const XmlRow sysinfo_entry_rows[] = {
    { "@name", XML_STRING, F(name) },
    { "@file", XML_STRING, F(file) },
    { ".", XML_STRING, F(text) },
};
#undef F
XML_CLASS_DEFINE(domain_sysinfo_entry_class, DomainSysinfoEntry, sysinfo_entry_rows, NULL)

static const XmlRow base_board_rows[] = {
    { "entry", XML_LIST, offsetof(DomainBaseBoard, entries), .item = &domain_sysinfo_entry_class },
};
XML_CLASS_DEFINE(domain_base_board_class, DomainBaseBoard, base_board_rows, NULL)

#define F(field) offsetof(DomainSysinfo, field)
static const XmlRow sysinfo_rows[] = {
    { "@type", XML_STRING, F(type), XML_REQUIRED, .words = sysinfo_types },
    { "bios/entry", XML_LIST, F(bios), .item = &domain_sysinfo_entry_class },
    { "system/entry", XML_LIST, F(system), .item = &domain_sysinfo_entry_class },
    { "baseBoard", XML_LIST, F(boards), .item = &domain_base_board_class },
    { "chassis/entry", XML_LIST, F(chassis), .item = &domain_sysinfo_entry_class },
    { "oemStrings/entry", XML_LIST, F(oem_strings), .item = &domain_sysinfo_entry_class },
    { "entry", XML_LIST, F(entries), .item = &domain_sysinfo_entry_class },
};
#undef F
XML_CLASS_DEFINE(domain_sysinfo_class, DomainSysinfo, sysinfo_rows, NULL)

static const char *const firmware_features[] = { "", "enrolled-keys", "secure-boot", NULL };

#define F(field) offsetof(DomainFirmwareFeature, field)
static const XmlRow firmware_feature_rows[] = {
    { "@enabled", XML_STRING, F(enabled), XML_REQUIRED, .words = xml_yes_no },
    { "@name", XML_STRING, F(name), XML_REQUIRED, .words = firmware_features },
};
#undef F
XML_CLASS_DEFINE(domain_firmware_feature_class, DomainFirmwareFeature, firmware_feature_rows, NULL)

/* ---- the rest ---- */

#define F(field) offsetof(DomainPerfEvent, field)
static const XmlRow perf_event_rows[] = {
    { "@name", XML_STRING, F(name), XML_REQUIRED },
    { "@enabled", XML_STRING, F(enabled), XML_REQUIRED, .words = xml_yes_no },
};
#undef F
XML_CLASS_DEFINE(domain_perf_event_class, DomainPerfEvent, perf_event_rows, NULL)

#define F(field) offsetof(DomainEnvironment, field)
static const XmlRow environment_rows[] = {
    { "@name", XML_STRING, F(name), XML_REQUIRED },
    { "@value", XML_STRING, F(value) },
};
#undef F

/* libvirt's rule: letters, digits and underscores, not beginning with a digit. */
static gboolean environment_check(gpointer object, xmlNodePtr node, GError **error)
{
    const char *name = ((const DomainEnvironment *)object)->name;

    if ((g_ascii_isalpha(*name) || *name == '_') &&
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
            strlen(name))
        return TRUE;
    xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "Invalid environment name '%s'", name);
    return FALSE;
}
XML_CLASS_DEFINE(domain_environment_class, DomainEnvironment, environment_rows, environment_check)
