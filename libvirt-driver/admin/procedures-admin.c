/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of the administration protocol; procedures.c has libvirt's others, and says what the
 * columns are. S is a server, C a client: (server, number, when it came, transport). */
#include "admin.h"
#include "handlers-admin.h"

#define ADMIN_PROGRAM 0x06900690u

#define S "s"
#define C "(stxu)"

#define H RPC_PROC_HIGH
#define E RPC_PROC_EARLY
#define Q RPC_PROC_QUICK

#define ADM VIR_FROM_ADMIN

/* clang-format off */
static const RpcProc admin_procs[] = {
    [ 1] = { "CONNECT_OPEN", "virAdmConnectOpen", "u", "", H | E | Q, ADM, on_admin_connect_open },
    [ 2] = { "CONNECT_CLOSE", "virAdmConnectClose", "", "", H | E | Q, ADM, on_admin_connect_close },
    [ 3] = { "CONNECT_GET_LIB_VERSION", "virAdmConnectGetLibVersion",
             "", "t", H | Q, ADM, on_admin_connect_get_lib_version },
    [ 4] = { "CONNECT_LIST_SERVERS", "virAdmConnectListServers",
             "uu", "<16384>" S "u", H | Q, ADM, on_admin_connect_list_servers },
    [ 5] = { "CONNECT_LOOKUP_SERVER", "virAdmConnectLookupServer",
             "su", S, H | Q, ADM, on_admin_connect_lookup_server },
    [ 6] = { "SERVER_GET_THREADPOOL_PARAMETERS", "virAdmServerGetThreadPoolParameters",
             S "u", "<32>P", H | Q, ADM, on_admin_server_get_threadpool_parameters },
    [ 7] = { "SERVER_SET_THREADPOOL_PARAMETERS", "virAdmServerSetThreadPoolParameters",
             S "<32>Pu", "", H | Q, ADM, on_admin_server_set_threadpool_parameters },
    [ 8] = { "SERVER_LIST_CLIENTS", "virAdmServerListClients",
             S "uu", "<16384>" C "u", H | Q, ADM, on_admin_server_list_clients },
    [ 9] = { "SERVER_LOOKUP_CLIENT", "virAdmServerLookupClient",
             S "tu", C, H | Q, ADM, on_admin_server_lookup_client },
    [10] = { "CLIENT_GET_INFO", "virAdmClientGetInfo", C "u", "<64>P", H, ADM, on_admin_client_get_info },
    [11] = { "CLIENT_CLOSE", "virAdmClientClose", C "u", "", H | Q, ADM, on_admin_client_close },
    [12] = { "SERVER_GET_CLIENT_LIMITS", "virAdmServerGetClientLimits",
             S "u", "<32>P", H | Q, ADM, on_admin_server_get_client_limits },
    [13] = { "SERVER_SET_CLIENT_LIMITS", "virAdmServerSetClientLimits",
             S "<32>Pu", "", H | Q, ADM, on_admin_server_set_client_limits },
    [14] = { "CONNECT_GET_LOGGING_OUTPUTS", "virAdmConnectGetLoggingOutputs",
             "u", "su", H, ADM, on_admin_connect_get_logging_outputs },
    [15] = { "CONNECT_GET_LOGGING_FILTERS", "virAdmConnectGetLoggingFilters",
             "u", "?su", H, ADM, on_admin_connect_get_logging_filters },
    [16] = { "CONNECT_SET_LOGGING_OUTPUTS", "virAdmConnectSetLoggingOutputs",
             "?su", "", H, ADM, on_admin_connect_set_logging_outputs },
    [17] = { "CONNECT_SET_LOGGING_FILTERS", "virAdmConnectSetLoggingFilters",
             "?su", "", H, ADM, on_admin_connect_set_logging_filters },
    [18] = { "SERVER_UPDATE_TLS_FILES", "virAdmServerUpdateTlsFiles",
             S "u", "", H | Q, ADM, on_admin_server_update_tls_files },
    [19] = { "CONNECT_SET_DAEMON_TIMEOUT", "virAdmConnectSetDaemonTimeout",
             "uu", "", H | Q, ADM, on_admin_connect_set_daemon_timeout },
};
/* clang-format on */

const RpcProgram admin_program = { ADMIN_PROGRAM, 1, admin_procs, G_N_ELEMENTS(admin_procs) };
