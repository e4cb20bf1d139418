/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <cpu> and the timers of <clock>. */
#include "def-classes.h"
#include "domain-xml.h"

static const char *const policies[] = { "",        "force",  "require", "optional",
                                        "disable", "forbid", NULL };

#define F(field) offsetof(DomainCpuFeature, field)
static const XmlRow feature_rows[] = {
    { "@policy", XML_STRING, F(policy), .words = policies, .def = "require" },
    { "@name", XML_STRING, F(name), XML_REQUIRED | XML_KEY },
};
#undef F
XML_CLASS_DEFINE(domain_cpu_feature_class, DomainCpuFeature, feature_rows, NULL)

#define F(field) offsetof(DomainNumaSibling, field)
static const XmlRow sibling_rows[] = {
    { "@id", XML_UINT, F(id), XML_REQUIRED | XML_ALWAYS | XML_KEY },
    { "@value", XML_UINT, F(value), XML_REQUIRED | XML_ALWAYS, .max = 255 },
};
#undef F
XML_CLASS_DEFINE(domain_numa_sibling_class, DomainNumaSibling, sibling_rows, NULL)

static const char *const memory_accesses[] = { "", "shared", "private", NULL };

#define F(field) offsetof(DomainNumaCell, field)
static const XmlRow cell_rows[] = {
    { "@id", XML_INT, F(id), XML_OPTIONAL | XML_KEY, .def = "-1" },
    { "@cpus", XML_STRING, F(cpus) },
    { "@memory", XML_KIB, F(memory_kib), XML_REQUIRED | XML_ALWAYS },
    { "@memAccess", XML_STRING, F(mem_access), 0, .words = memory_accesses },
    { "@discard", XML_STRING, F(discard), 0, .words = xml_yes_no },
    { "distances/sibling", XML_LIST, F(distances), .item = &domain_numa_sibling_class },
    { "cache", XML_LIST, F(caches), .item = &domain_numa_cache_class },
};
#undef F
XML_CLASS_DEFINE(domain_numa_cell_class, DomainNumaCell, cell_rows, NULL)


static const char *const cpu_modes[] = { "",        "custom", "host-model", "host-passthrough",
                                         "maximum", NULL };
static const char *const matches[] = { "", "minimum", "exact", "strict", NULL };
static const char *const checks[] = { "", "none", "partial", "full", NULL };
static const char *const fallbacks[] = { "", "allow", "forbid", NULL };
static const char *const cache_modes[] = { "", "emulate", "passthrough", "disable", NULL };
static const char *const maxphysaddr_modes[] = { "", "emulate", "passthrough", NULL };

#define F(field) offsetof(DomainCpu, field)
static const XmlRow cpu_rows[] = {
    { "@mode", XML_STRING, F(mode), XML_HVM, .words = cpu_modes },
    { "@match", XML_STRING, F(match), XML_KEPT, .words = matches },
    { "@check", XML_STRING, F(check), XML_HVM, .words = checks },
    { "@migratable", XML_WORD, F(migratable), XML_HVM, .words = xml_on_off },
    { "model", XML_STRING, F(model), XML_HVM },
    { "model/@fallback", XML_STRING, F(fallback), XML_KEPT, .words = fallbacks },
    { "model/@vendor_id", XML_STRING, F(vendor_id), XML_HVM },
    { "vendor", XML_STRING, F(vendor), XML_KEPT },
    { "topology/@sockets", XML_UINT, F(sockets), XML_REQUIRED | XML_NONZERO | XML_HVM },
    { "topology/@dies", XML_UINT, F(dies), XML_NONZERO | XML_HVM },
    { "topology/@cores", XML_UINT, F(cores), XML_REQUIRED | XML_NONZERO | XML_HVM },
    { "topology/@threads", XML_UINT, F(threads), XML_REQUIRED | XML_NONZERO | XML_HVM },
    { "cache/@level", XML_STRING, F(cache_level), XML_HVM | XML_DECIMAL },
    { "cache/@mode", XML_STRING, F(cache_mode), XML_HVM | XML_REQUIRED, .words = cache_modes },
    { "maxphysaddr/@mode", XML_STRING, F(maxphysaddr_mode), XML_HVM | XML_REQUIRED,
      .words = maxphysaddr_modes },
    { "maxphysaddr/@bits", XML_UINT, F(maxphysaddr_bits), XML_HVM },
    { "feature", XML_LIST, F(features), XML_HVM, .item = &domain_cpu_feature_class },
    { "numa/cell", XML_LIST, F(cells), XML_HVM, .item = &domain_numa_cell_class },
    { "numa/interconnects/latency", XML_LIST, F(latencies), XML_HVM,
      .item = &domain_latency_class },
    { "numa/interconnects/bandwidth", XML_LIST, F(bandwidths), XML_HVM,
      .item = &domain_bandwidth_link_class },
};
#undef F

static gboolean cpu_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainCpu *cpu = object;

    if (cpu->sockets != 0 && cpu->dies == 0)
        cpu->dies = 1;
    for (guint i = 0; i < cpu->cells->len; i++) {
        DomainNumaCell *cell = g_ptr_array_index(cpu->cells, i);
        if (cell->id < 0)
            cell->id = (int)i;
        if (cell->distances->len > cpu->cells->len) {
            xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                      "cell %u has distances to more cells than there are", i);
            return FALSE;
        }
    }
    /* A model without a mode is a custom cpu, which must match exactly unless said otherwise. */
    if (cpu->model != NULL && cpu->mode == NULL)
        cpu->mode = g_strdup("custom");
    if (g_strcmp0(cpu->mode, "custom") == 0) {
        if (cpu->model == NULL) {
            xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "Missing CPU model name");
            return FALSE;
        }
        if (cpu->match == NULL)
            cpu->match = g_strdup("exact");
        if (cpu->fallback == NULL)
            cpu->fallback = g_strdup("allow");
    }
    return TRUE;
}
XML_CLASS_DEFINE(domain_cpu_class, DomainCpu, cpu_rows, cpu_check)

/* ---- timers ---- */

static const char *const timer_names[] = {
    "", "tsc", "hpet", "rtc", "pit", "platform", "kvmclock", "hypervclock", NULL,
};
static const char *const other_timer_names[] = { "armvtimer", NULL };
static const char *const tickpolicies[] = { "", "delay", "catchup", "merge", "discard", NULL };
static const char *const tracks[] = { "", "boot", "guest", "wall", "realtime", NULL };
static const char *const timer_modes[] = { "",         "auto",    "native", "emulate",
                                           "paravirt", "smpsafe", NULL };

#define F(field) offsetof(DomainTimer, field)
static const XmlRow timer_rows[] = {
    { "@name", XML_STRING, F(name), XML_REQUIRED | XML_KEY, .words = timer_names,
      .refused = other_timer_names },
    { "@present", XML_WORD, F(present), .words = xml_yes_no },
    { "@tickpolicy", XML_STRING, F(tickpolicy), XML_HVM, .words = tickpolicies },
    { "@track", XML_STRING, F(track), XML_HVM, .words = tracks },
    { "@frequency", XML_ULONG, F(frequency), XML_HVM },
    { "@mode", XML_STRING, F(mode), .words = timer_modes },
    { "catchup/@threshold", XML_UINT, F(catchup_threshold), XML_KEPT },
    { "catchup/@slew", XML_UINT, F(catchup_slew), XML_KEPT },
    { "catchup/@limit", XML_UINT, F(catchup_limit), XML_KEPT },
};
#undef F
XML_CLASS_DEFINE(domain_timer_class, DomainTimer, timer_rows, NULL)
