/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kanzend.h"

#include "auth/auth.h"
#include "cpu/cpu-host.h"
#include "domain/console.h"
#include "domain/recover.h"
#include "domain/registry.h"
#include "interface/host-config.h"
#include "network/network.h"
#include "nodedev/node-device.h"
#include "nwfilter/nwfilter.h"
#include "secret/secret.h"
#include "storage/pool.h"

static gboolean open_domains(Kanzend *k, gboolean allow_arguments, GError **error)
{
    k->domains = domain_registry_new(k->host, k->server, error);
    if (k->domains == NULL)
        return FALSE;
    domain_registry_allow_arguments(k->domains, allow_arguments);
    domain_registry_set_cpus(k->domains, k->cpus);
    domain_registry_set_secrets(k->domains, k->secrets);
    if (!domain_registry_start(k->domains, error))
        return FALSE;
    recover_domains(k);
    return TRUE;
}

static gboolean open_pools(Kanzend *k, GError **error)
{
    g_autofree char *dir = g_build_filename(kxl_host_lib_dir(k->host), "libvirt", "storage", NULL);

    k->pools = pool_registry_new(dir, kxl_host_run_dir(k->host), k->server, k->secrets, error);
    if (k->pools == NULL)
        return FALSE;
    domain_registry_set_pools(k->domains, k->pools);
    return TRUE;
}

static gboolean open_networks(Kanzend *k, GError **error)
{
    k->networks = network_registry_new(kxl_host_lib_dir(k->host), kxl_host_run_dir(k->host),
                                       k->probe_addresses, k->server, error);
    if (k->networks == NULL)
        return FALSE;
    domain_registry_set_networks(k->domains, k->networks);
    return TRUE;
}

static gboolean open_secrets(Kanzend *k, GError **error)
{
    g_autofree char *dir = g_build_filename(kxl_host_lib_dir(k->host), "libvirt", "secrets", NULL);

    k->secrets = secret_registry_new(dir, k->server, error);
    return k->secrets != NULL;
}

static gboolean open_nwfilters(Kanzend *k, GError **error)
{
    k->nwfilters = nwfilter_registry_new(kxl_host_lib_dir(k->host), kxl_host_run_dir(k->host),
                                         k->server, error);
    if (k->nwfilters == NULL)
        return FALSE;
    domain_registry_set_nwfilters(k->domains, k->nwfilters);
    return TRUE;
}

gboolean kanzend_open(Kanzend *k, RpcServerConfig *config, gboolean allow_arguments, GError **error)
{
    config->app = k;
    config->map_error = kanzend_map_error;
    k->host = kxl_host_new(error);
    if (k->host == NULL)
        return FALSE;
    k->host_info = host_info_cache_new(k->host);
    k->host_config = host_config_new(kxl_host_lib_dir(k->host));
    k->cpus = cpu_host_cache_new(k->host);
    k->consoles = consoles_new();
    k->auth = auth_new();
    k->server = rpc_server_new(config);
    k->devices = node_devices_new(k->server);
    return open_secrets(k, error) && open_domains(k, allow_arguments, error) &&
           open_pools(k, error) && open_networks(k, error) && open_nwfilters(k, error);
}

/* The other way round: what stands on others goes first. */
void kanzend_close(Kanzend *k)
{
    g_clear_pointer(&k->nwfilters, nwfilter_registry_free);
    g_clear_pointer(&k->networks, network_registry_free);
    g_clear_pointer(&k->pools, pool_registry_free);
    g_clear_pointer(&k->domains, domain_registry_free);
    g_clear_pointer(&k->secrets, secret_registry_free);
    g_clear_pointer(&k->devices, node_devices_free);
    g_clear_pointer(&k->server, rpc_server_free);
    g_clear_pointer(&k->consoles, consoles_free);
    g_clear_pointer(&k->auth, auth_free);
    g_clear_pointer(&k->cpus, cpu_host_cache_free);
    g_clear_pointer(&k->host_config, host_config_free);
    g_clear_pointer(&k->host_info, host_info_cache_free);
    g_clear_pointer(&k->host, kxl_host_free);
}
