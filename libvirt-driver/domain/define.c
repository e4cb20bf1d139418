/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Persistent definitions: define, undefine, autostart, rename. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "handler.h"
#include "moment.h"
#include "save.h"

enum { DEFINE_VALIDATE = 1 << 0 }; /* virDomainDefineFlags */

static gboolean define(RpcCall *call, const char *xml, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;
    Definition *definition =
        parse_definition(kanzend->domains, xml, flags & DEFINE_VALIDATE, error);
    g_autoptr(Domain) domain = NULL;

    if (definition == NULL)
        return FALSE;
    domain = domain_registry_add(kanzend->domains, definition, DOMAIN_ADD_DEFINE, error);
    if (domain == NULL)
        return FALSE;
    domain_put_handle(kanzend->domains, call->ret, domain);
    return TRUE;
}

gboolean on_domain_define_xml(RpcCall *call, GError **error)
{
    return define(call, call->args[0].str, 0, error);
}

gboolean on_domain_define_xml_flags(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[1].u, DEFINE_VALIDATE, error) &&
           define(call, call->args[0].str, call->args[1].u, error);
}

enum { /* virDomainUndefineFlagsValues: what else goes, or stays */
       UNDEFINE_MANAGED_SAVE = 1 << 0,
       UNDEFINE_SNAPSHOTS_METADATA = 1 << 1,
       UNDEFINE_NVRAM = 1 << 2,
       UNDEFINE_KEEP_NVRAM = 1 << 3,
       UNDEFINE_CHECKPOINTS_METADATA = 1 << 4,
       UNDEFINE_TPM = 1 << 5,
       UNDEFINE_KEEP_TPM = 1 << 6,
};

static gboolean forgets_tpm(DefinitionTpm tpm, guint32 flags)
{
    return (tpm == DEFINITION_TPM_STAYS && (flags & UNDEFINE_TPM)) ||
           (tpm == DEFINITION_TPM_GOES && !(flags & UNDEFINE_KEEP_TPM));
}

/* What belongs to the domain alone must not be left behind unseen. */
static gboolean check_leftovers(DomainRegistry *registry, const DomainView *view, guint32 flags,
                                GError **error)
{
    const char *nvram = definition_brief(view->config)->nvram;

    if (has_managed_save(registry, view->uuid) && !(flags & UNDEFINE_MANAGED_SAVE))
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "Refusing to undefine while domain managed save image exists");
    if (moments_any(&snapshot_kind, registry, view->uuid) && !(flags & UNDEFINE_SNAPSHOTS_METADATA))
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "cannot delete inactive domain with snapshots");
    if (moments_any(&checkpoint_kind, registry, view->uuid) &&
        !(flags & UNDEFINE_CHECKPOINTS_METADATA))
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "cannot delete inactive domain with checkpoints");
    if (nvram != NULL && g_file_test(nvram, G_FILE_TEST_EXISTS) &&
        !(flags & (UNDEFINE_NVRAM | UNDEFINE_KEEP_NVRAM)))
        return fail(error, VIR_ERR_OPERATION_INVALID, "cannot undefine domain with nvram");
    return TRUE;
}

/* The file that was removed. */
static void close_file(RpcCall *call)
{
    close((int)call->arg_i);
}

static gboolean undefine(RpcCall *call, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    const DefinitionBrief *brief;
    int fd = -1;

    if (!call_job(call, "undefined", &view, error))
        return FALSE;
    if (view.config == NULL) /* refused there */
        return domain_registry_undefine(kanzend->domains, view.domain, &fd, error);
    if (!check_leftovers(kanzend->domains, &view, flags, error))
        return FALSE;
    if ((flags & UNDEFINE_MANAGED_SAVE) &&
        !managed_save_remove(kanzend->domains, view.uuid, error))
        return FALSE;
    brief = definition_brief(view.config);
    if (brief->nvram != NULL && (flags & UNDEFINE_NVRAM) && unlink(brief->nvram) < 0 &&
        errno != ENOENT)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "failed to remove nvram '%s': %s", brief->nvram,
                    g_strerror(errno));
    if (!domain_registry_undefine(kanzend->domains, view.domain, &fd, error))
        return FALSE;
    if (fd >= 0) {
        call->arg_i = (guint)fd;
        call->replied = close_file;
    }
    moments_forget(&snapshot_kind, kanzend->domains, view.uuid);
    moments_forget(&checkpoint_kind, kanzend->domains, view.uuid);
    if (view.id < 0 && forgets_tpm(brief->tpm, flags))
        kxl_host_forget_tpm(kanzend->host, view.uuid);
    return TRUE;
}

gboolean on_domain_undefine(RpcCall *call, GError **error)
{
    return undefine(call, 0, error);
}

gboolean on_domain_undefine_flags(RpcCall *call, GError **error)
{
    guint32 flags = call->args[1].u;

    if (!check_flags(call, flags, (UNDEFINE_KEEP_TPM << 1) - 1, error))
        return FALSE;
    if ((flags & UNDEFINE_NVRAM) && (flags & UNDEFINE_KEEP_NVRAM))
        return fail(error, VIR_ERR_INVALID_ARG, "cannot both keep and delete nvram");
    if ((flags & UNDEFINE_TPM) && (flags & UNDEFINE_KEEP_TPM))
        return fail(error, VIR_ERR_INVALID_ARG, "cannot both keep and delete TPM");
    return undefine(call, flags, error);
}

gboolean on_domain_set_autostart(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };

    return call_view(call, &view, error) && check_not_host(&view, "started", error) &&
           domain_registry_set_autostart(kanzend->domains, view.domain, call->args[1].i != 0,
                                         error);
}

gboolean on_domain_rename(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    const char *name = call->args[1].str;

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    if (name == NULL || *name == '\0' || strchr(name, '/') != NULL)
        return fail(error, VIR_ERR_XML_ERROR, "'%s' is not a name for a domain",
                    name != NULL ? name : "");
    if (!call_job(call, "renamed", &view, error) ||
        !domain_registry_rename(kanzend->domains, view.domain, name, error))
        return FALSE;
    xdr_put_i32(call->ret, 0);
    return TRUE;
}
