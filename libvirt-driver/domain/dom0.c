/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host as a domain, as Xen's clients expect it in every listing: id 0, name Domain-0, zero
 * UUID. */
#include "registry-internal.h"

#include <sys/utsname.h>

Definition *domain_0_definition(const KxlDomainInfo *info)
{
    DomainDef *def = domain_def_new();
    struct utsname host;

    def->id = 0;
    def->virt_type = g_strdup("xen");
    def->name = g_strdup(DOMAIN_0_NAME);
    def->uuid = g_strdup(DOMAIN_0_UUID);
    def->memory_kib = info->max_memory_kb;
    def->current_memory_kib = info->memory_kb;
    def->vcpus_max = info->max_vcpus;
    def->vcpus_current = info->vcpus_online;
    def->os_type = g_strdup("xen");
    def->os_arch = g_strdup(uname(&host) == 0 ? host.machine : "x86_64");
    def->os_machine = g_strdup("xenpv");
    return definition_new(def);
}
