/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Save, restore, managed save, core dumps. */
#include "save.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptors.h"
#include "filter-source.h"
#include "network-source.h"
#include "params.h"
#include "random.h"
#include "registry-internal.h"
#include "secret-source.h"
#include "task.h"

#define IMAGE_FORMAT (DOMAIN_XML_FORMAT_SECURE | DOMAIN_XML_FORMAT_INACTIVE)

/* ---- managed images ---- */

char *managed_save_path(DomainRegistry *registry, const char *uuid)
{
    return g_strdup_printf("%s/libvirt/save/%s.save",
                           kxl_host_lib_dir(domain_registry_host(registry)), uuid);
}

gboolean has_managed_save(DomainRegistry *registry, const char *uuid)
{
    g_autofree char *path = managed_save_path(registry, uuid);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

gboolean managed_save_remove(DomainRegistry *registry, const char *uuid, GError **error)
{
    g_autofree char *path = managed_save_path(registry, uuid);

    return unlink(path) == 0 || errno == ENOENT ||
           fail(error, VIR_ERR_SYSTEM_ERROR, "cannot remove '%s': %s", path, g_strerror(errno));
}

/* ---- saving ---- */

static gboolean check_run_flags(guint32 flags, GError **error)
{
    return (flags & (SAVE_RUNNING | SAVE_PAUSED)) != (SAVE_RUNNING | SAVE_PAUSED) ||
           fail(error, VIR_ERR_INVALID_ARG,
                "running and paused flags in domain save are mutually exclusive");
}

/* A definition that a client sent for an image: of the same domain. New string, NULL: an error. */
static char *check_image_xml(DomainRegistry *registry, const char *xml, const char *uuid,
                             GError **error)
{
    g_autoptr(Definition) definition = parse_definition(registry, xml, FALSE, error);

    if (definition == NULL)
        return NULL;
    if (strcmp(definition_def(definition)->uuid, uuid) != 0) {
        fail(error, VIR_ERR_OPERATION_FAILED,
             "the definition is of domain '%s' with uuid %s, the image of the one with uuid %s",
             definition_def(definition)->name, definition_def(definition)->uuid, uuid);
        return NULL;
    }
    return g_strdup(definition_xml(definition, IMAGE_FORMAT));
}

static KxlSaveFlags save_flags(guint32 flags)
{
    return (flags & SAVE_RUNNING ? KXL_SAVE_AS_RUNNING : 0) |
           (flags & SAVE_PAUSED ? KXL_SAVE_AS_PAUSED : 0) |
           (flags & SAVE_BYPASS_CACHE ? KXL_SAVE_UNCACHED : 0);
}

/* Where an abort strikes decides what fails then: to its client it is the abort. */
static void tell_abort(const DomainView *view, const Task *task, GError **failed)
{
    if (*failed == NULL || !g_cancellable_is_cancelled(task->cancellable) ||
        g_error_matches(*failed, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    g_message("domain: '%s': its save was aborted and ended so: %s", view->name,
              (*failed)->message);
    g_clear_error(failed);
    g_set_error_literal(failed, G_IO_ERROR, G_IO_ERROR_CANCELLED, "canceled by client");
}

/* With the job lock held, of a running domain. */
static gboolean save_view(RpcCall *call, const DomainView *view, const char *path, const char *xml,
                          guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autofree char *text = NULL;
    g_autoptr(GError) failed = NULL;
    Task task;

    text = xml != NULL ? check_image_xml(kanzend->domains, xml, view->uuid, error)
                       : g_strdup(definition_xml(view->live, IMAGE_FORMAT));
    if (text == NULL)
        return FALSE;
    if (!task_begin(&task, kanzend->domains, view->domain, TASK_SAVE, TRUE, error))
        return FALSE;
    kxl_domain_save(kanzend->host, view->id, path, save_flags(flags), LIVE_USERDATA_KEY, text,
                    task_progress, &task, task.cancellable, &failed);
    if (failed == NULL)
        domain_registry_sync_gone(kanzend->domains, view->id, KXL_REASON_SUSPEND);
    else
        domain_registry_sync(kanzend->domains, view->id);
    tell_abort(view, &task, &failed);
    task_end(&task, failed);
    if (failed == NULL)
        return TRUE;
    if (g_error_matches(failed, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return fail(error, VIR_ERR_OPERATION_ABORTED, "domain save job: %s", failed->message);
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

static gboolean save(RpcCall *call, const char *path, const char *xml, guint32 flags,
                     GError **error)
{
    g_auto(DomainView) view = { 0 };

    if (!check_flags(call, flags, SAVE_BYPASS_CACHE | SAVE_RUNNING | SAVE_PAUSED, error) ||
        !check_run_flags(flags, error))
        return FALSE;
    if (!g_path_is_absolute(path))
        return fail(error, VIR_ERR_INVALID_ARG, "'%s' is not an absolute path", path);
    return call_job_running(call, "saved", &view, error) &&
           save_view(call, &view, path, xml, flags, error);
}

gboolean on_domain_save(RpcCall *call, GError **error)
{
    return save(call, call->args[1].str, NULL, 0, error);
}

gboolean on_domain_save_flags(RpcCall *call, GError **error)
{
    return save(call, call->args[1].str, call->args[2].str, call->args[3].u, error);
}

/* "file" and "dxml", of the newest forms of save and restore. */
static gboolean take_params(RpcCall *call, const XdrValue *list, const char **ret_file,
                            const char **ret_xml, GError **error)
{
    static const ParamRule rules[] = { { "file", XDR_PARAM_STRING }, { "dxml", XDR_PARAM_STRING } };

    if (!params_check(list, rules, G_N_ELEMENTS(rules), error))
        return FALSE;
    *ret_file = params_find_string(list, "file");
    *ret_xml = params_find_string(list, "dxml");
    return TRUE;
}

gboolean on_domain_save_params(RpcCall *call, GError **error)
{
    const char *file, *xml;

    if (!take_params(call, &call->args[1], &file, &xml, error))
        return FALSE;
    if (file == NULL)
        return fail(error, VIR_ERR_INVALID_ARG, "save: the parameter 'file' is missing");
    return save(call, file, xml, call->args[2].u, error);
}

gboolean on_domain_managed_save(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[1].u;
    g_auto(DomainView) view = { 0 };
    g_autofree char *path = NULL, *dir = NULL;

    if (!check_flags(call, flags, SAVE_BYPASS_CACHE | SAVE_RUNNING | SAVE_PAUSED, error) ||
        !check_run_flags(flags, error) || !call_job_running(call, "saved", &view, error))
        return FALSE;
    if (!view.persistent)
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "cannot do managed save for transient domain");
    path = managed_save_path(kanzend->domains, view.uuid);
    dir = g_path_get_dirname(path);
    if (g_mkdir_with_parents(dir, 0700) < 0)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot make '%s': %s", dir, g_strerror(errno));
    return save_view(call, &view, path, NULL, flags, error);
}

gboolean on_domain_has_managed_save_image(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };

    if (!check_flags(call, call->args[1].u, 0, error) || !call_view(call, &view, error))
        return FALSE;
    xdr_put_i32(call->ret, has_managed_save(kanzend->domains, view.uuid));
    return TRUE;
}

gboolean on_domain_managed_save_remove(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };

    return check_flags(call, call->args[1].u, 0, error) &&
           call_job(call, "given an image", &view, error) &&
           managed_save_remove(kanzend->domains, view.uuid, error);
}

/* ---- what an image says ---- */

/* One made by xl has no XML: it is described from its configuration. */
static Definition *image_definition(DomainRegistry *registry, const KxlSaveImage *image,
                                    GError **error)
{
    g_autoptr(DomainDef) def = NULL;
    DomainXmlCaps caps = *domain_registry_xml_caps(registry);

    caps.for_conversion = TRUE; /* it has been started once */
    if (g_strcmp0(image->userdata_key, LIVE_USERDATA_KEY) == 0)
        def = domain_def_parse(image->userdata, DOMAIN_XML_PARSE_INACTIVE, error);
    else
        def = domain_def_from_config(image->config, &caps, error);
    if (def == NULL || !domain_def_complete(def, &caps, random_fill, error))
        return NULL;
    return definition_new(g_steal_pointer(&def));
}

static KxlSaveImage *load_image(const char *path, GError **error)
{
    g_autoptr(GError) failed = NULL;
    KxlSaveImage *image = kxl_save_image_load(path, &failed);

    if (image != NULL)
        return image;
    if (g_error_matches(failed, KXL_ERROR, KXL_ERROR_INVALID))
        fail(error, VIR_ERR_OPERATION_FAILED, "%s", failed->message);
    else
        g_propagate_error(error, g_steal_pointer(&failed));
    return NULL;
}

enum { IMAGE_XML_SECURE = 1 };

static gboolean put_image_xml(RpcCall *call, const char *path, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(KxlSaveImage) image = NULL;
    g_autoptr(Definition) definition = NULL;

    if (!check_flags(call, flags, IMAGE_XML_SECURE, error))
        return FALSE;
    image = load_image(path, error);
    definition = image != NULL ? image_definition(kanzend->domains, image, error) : NULL;
    if (definition == NULL)
        return FALSE;
    xdr_put_string(call->ret, definition_xml(definition, DOMAIN_XML_FORMAT_INACTIVE |
                                                             (flags & IMAGE_XML_SECURE
                                                                  ? DOMAIN_XML_FORMAT_SECURE
                                                                  : DOMAIN_XML_FORMAT_NONE)));
    return TRUE;
}

gboolean on_domain_save_image_get_xml_desc(RpcCall *call, GError **error)
{
    return put_image_xml(call, call->args[0].str, call->args[1].u, error);
}

static char *require_managed(RpcCall *call, guint32 flags, guint32 known, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };

    if (!check_flags(call, flags, known, error) || !call_view(call, &view, error))
        return NULL;
    if (has_managed_save(kanzend->domains, view.uuid))
        return managed_save_path(kanzend->domains, view.uuid);
    fail(error, VIR_ERR_OPERATION_INVALID, "domain does not have managed save image");
    return NULL;
}

gboolean on_domain_managed_save_get_xml_desc(RpcCall *call, GError **error)
{
    g_autofree char *path = require_managed(call, call->args[1].u, IMAGE_XML_SECURE, error);

    return path != NULL && put_image_xml(call, path, call->args[1].u, error);
}

static gboolean define_image_xml(RpcCall *call, const char *path, const char *xml, guint32 flags,
                                 GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(KxlSaveImage) image = NULL;
    char *text;

    if (!check_flags(call, flags, SAVE_RUNNING | SAVE_PAUSED, error) ||
        !check_run_flags(flags, error))
        return FALSE;
    image = load_image(path, error);
    if (image == NULL)
        return FALSE;
    if (xml != NULL) {
        text = check_image_xml(kanzend->domains, xml, image->config->uuid, error);
        if (text == NULL)
            return FALSE;
        g_free(image->userdata);
        image->userdata = text;
        g_free(image->userdata_key);
        image->userdata_key = g_strdup(LIVE_USERDATA_KEY);
    }
    if (flags & (SAVE_RUNNING | SAVE_PAUSED))
        image->running = (flags & SAVE_RUNNING) != 0;
    return kxl_save_image_update(path, image, error);
}

gboolean on_domain_save_image_define_xml(RpcCall *call, GError **error)
{
    return define_image_xml(call, call->args[0].str, call->args[1].str, call->args[2].u, error);
}

gboolean on_domain_managed_save_define_xml(RpcCall *call, GError **error)
{
    g_autofree char *path =
        require_managed(call, call->args[2].u, SAVE_RUNNING | SAVE_PAUSED, error);

    return path != NULL && define_image_xml(call, path, call->args[1].str, call->args[2].u, error);
}

/* ---- restoring ---- */

static KxlDeviceDisk *disk_of(KxlDomainConfig *config, const char *vdev)
{
    for (guint i = 0; i < config->disks->len; i++) {
        KxlDeviceDisk *disk = config->disks->pdata[i];

        if (g_strcmp0(disk->vdev, vdev) == 0)
            return disk;
    }
    return NULL;
}

/* The machine is what it was; where its disks and nics lead to may have changed since. */
static gboolean follow_definition(KxlDomainConfig *config, const DomainDef *def, GError **error)
{
    g_autoptr(KxlDomainConfig) wanted = domain_def_to_config(def, error);

    if (wanted == NULL)
        return FALSE;
    for (guint i = 0; i < config->disks->len; i++) {
        KxlDeviceDisk *disk = config->disks->pdata[i];
        KxlDeviceDisk *now = disk_of(wanted, disk->vdev);

        if (now == NULL || (g_strcmp0(now->path, disk->path) == 0 &&
                            g_strcmp0(now->fd_group, disk->fd_group) == 0))
            continue;
        g_free(disk->fd_group);
        disk->fd_group = g_strdup(now->fd_group);
        g_free(disk->path);
        disk->path = g_strdup(now->path);
        disk->format = now->format;
    }
    for (guint i = 0; i < config->nics->len && i < wanted->nics->len; i++) {
        KxlDeviceNic *nic = config->nics->pdata[i];
        const KxlDeviceNic *now = wanted->nics->pdata[i];

        g_free(nic->bridge);
        nic->bridge = g_strdup(now->bridge);
        g_free(nic->source_dev);
        nic->source_dev = g_strdup(now->source_dev);
        if (now->ifname == NULL)
            continue;
        g_free(nic->ifname);
        nic->ifname = g_strdup(now->ifname);
    }
    g_free(config->name);
    config->name = g_strdup(def->name);
    return TRUE;
}

/* Networks and filters, as at a start. */
static gboolean connect_interfaces(DomainRegistry *registry, DomainDef *def, GError **error)
{
    if (!plug_interfaces(registry->networks, def, error))
        return FALSE;
    if (filter_interfaces(registry->nwfilters, def, error))
        return TRUE;
    unplug_interfaces(registry->networks, def);
    return FALSE;
}

static void disconnect_interfaces(DomainRegistry *registry, const DomainDef *def)
{
    unfilter_interfaces(registry->nwfilters, def);
    unplug_interfaces(registry->networks, def);
}

gboolean restore_domain(DomainRegistry *registry, Domain *domain, const char *path, const char *xml,
                        guint32 flags, GError **error)
{
    g_autoptr(KxlSaveImage) image = load_image(path, error);
    g_autoptr(Definition) definition = NULL;
    g_autoptr(GError) failed = NULL;
    g_autoptr(GArray) held = NULL;
    Task task;
    int domid;

    if (image == NULL)
        return FALSE;
    definition = xml != NULL ? parse_definition(registry, xml, FALSE, error)
                             : image_definition(registry, image, error);
    if (definition == NULL)
        return FALSE;
    g_autoptr(DomainDef) def = domain_def_dup(definition_def(definition));
    if (!connect_interfaces(registry, def, error))
        return FALSE;
    if (!follow_definition(image->config, def, error) ||
        !resolve_secrets(domain_registry_secrets(registry), image->config, error) ||
        !resolve_descriptors(registry, domain, image->config, &held, error)) {
        disconnect_interfaces(registry, def);
        return FALSE;
    }
    g_free(image->userdata);
    image->userdata = domain_def_format(def, DOMAIN_XML_FORMAT_SECURE);
    g_free(image->userdata_key);
    image->userdata_key = g_strdup(LIVE_USERDATA_KEY);
    if (flags & (SAVE_RUNNING | SAVE_PAUSED))
        image->running = (flags & SAVE_RUNNING) != 0;
    if (!task_begin(&task, registry, domain, TASK_RESTORE, FALSE, error))
        return FALSE;
    domain_expect_start(registry, domain, START_RESTORED);
    domid =
        kxl_domain_restore(domain_registry_host(registry), path, image, KXL_CREATE_NONE, &failed);
    if (domid >= 0)
        domain_registry_sync(registry, domid);
    task_end(&task, failed);
    domain_expect_start(registry, domain, START_BOOTED);
    if (domid < 0)
        disconnect_interfaces(registry, def);
    if (failed != NULL)
        g_propagate_error(error, g_steal_pointer(&failed));
    return domid >= 0;
}

static gboolean restore(RpcCall *call, const char *path, const char *xml, guint32 flags,
                        GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(KxlSaveImage) image = NULL;
    g_autoptr(Definition) definition = NULL;
    g_autoptr(Domain) domain = NULL;
    gboolean ok;

    if (!check_flags(call, flags, SAVE_BYPASS_CACHE | SAVE_RUNNING | SAVE_PAUSED, error) ||
        !check_run_flags(flags, error))
        return FALSE;
    image = load_image(path, error);
    definition = image == NULL ? NULL
                 : xml != NULL ? parse_definition(kanzend->domains, xml, FALSE, error)
                               : image_definition(kanzend->domains, image, error);
    if (definition == NULL)
        return FALSE;
    if (g_strcmp0(definition_def(definition)->uuid, image->config->uuid) != 0)
        return fail(error, VIR_ERR_OPERATION_FAILED,
                    "the definition is of another domain than '%s'", path);
    domain = domain_registry_add(kanzend->domains, definition_ref(definition), DOMAIN_ADD_TRANSIENT,
                                 error);
    if (domain == NULL)
        return FALSE;
    ok = domain_job_begin(domain, error);
    if (ok) {
        ok = restore_domain(kanzend->domains, domain, path, xml, flags, error);
        domain_job_end(domain);
    }
    if (!ok)
        domain_registry_drop_transient(kanzend->domains, domain);
    return ok;
}

gboolean on_domain_restore(RpcCall *call, GError **error)
{
    return restore(call, call->args[0].str, NULL, 0, error);
}

gboolean on_domain_restore_flags(RpcCall *call, GError **error)
{
    return restore(call, call->args[0].str, call->args[1].str, call->args[2].u, error);
}

gboolean on_domain_restore_params(RpcCall *call, GError **error)
{
    const char *file, *xml;

    if (!take_params(call, &call->args[0], &file, &xml, error))
        return FALSE;
    if (file == NULL)
        return fail(error, VIR_ERR_INVALID_ARG, "restore: the parameter 'file' is missing");
    return restore(call, file, xml, call->args[1].u, error);
}
