/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handlers named in procedures.c, by the file they are in. */
#pragma once

#include "rpc/server.h"

G_BEGIN_DECLS

/* connect.c */
gboolean on_auth_list(RpcCall *call, GError **error);
gboolean on_auth_polkit(RpcCall *call, GError **error);
gboolean on_auth_sasl_init(RpcCall *call, GError **error);
gboolean on_auth_sasl_start(RpcCall *call, GError **error);
gboolean on_auth_sasl_step(RpcCall *call, GError **error);
gboolean on_connect_supports_feature(RpcCall *call, GError **error);
gboolean on_connect_open(RpcCall *call, GError **error);
gboolean on_connect_close(RpcCall *call, GError **error);
gboolean on_connect_close_callback(RpcCall *call, GError **error);
gboolean on_connect_get_uri(RpcCall *call, GError **error);
gboolean on_connect_get_type(RpcCall *call, GError **error);
gboolean on_connect_get_version(RpcCall *call, GError **error);
gboolean on_connect_get_lib_version(RpcCall *call, GError **error);
gboolean on_connect_get_hostname(RpcCall *call, GError **error);
gboolean on_connect_is_secure(RpcCall *call, GError **error);

/* events.c */
gboolean on_domain_event_register_any(RpcCall *call, GError **error);
gboolean on_monitor_event_register(RpcCall *call, GError **error);
gboolean on_monitor_event_deregister(RpcCall *call, GError **error);
gboolean on_network_event_register_any(RpcCall *call, GError **error);
gboolean on_pool_event_register_any(RpcCall *call, GError **error);
gboolean on_secret_event_register_any(RpcCall *call, GError **error);
gboolean on_nodedev_event_register_any(RpcCall *call, GError **error);
gboolean nodedev_events_are_ready(const RpcCall *call); /* RpcProc.quick_if */
gboolean on_domain_event_deregister_any(RpcCall *call, GError **error);
gboolean on_network_event_deregister_any(RpcCall *call, GError **error);
gboolean on_pool_event_deregister_any(RpcCall *call, GError **error);
gboolean on_secret_event_deregister_any(RpcCall *call, GError **error);
gboolean on_nodedev_event_deregister_any(RpcCall *call, GError **error);
gboolean on_domain_event_register(RpcCall *call, GError **error);
gboolean on_domain_event_deregister(RpcCall *call, GError **error);
gboolean on_domain_event_register_number(RpcCall *call, GError **error);
gboolean on_domain_event_deregister_number(RpcCall *call, GError **error);

/* node.c */
gboolean on_node_get_info(RpcCall *call, GError **error);
gboolean on_node_get_free_memory(RpcCall *call, GError **error);
gboolean on_node_get_cells_free_memory(RpcCall *call, GError **error);
gboolean on_node_get_cpu_map(RpcCall *call, GError **error);
gboolean on_node_get_cpu_stats(RpcCall *call, GError **error);
gboolean on_node_get_memory_stats(RpcCall *call, GError **error);
gboolean on_connect_get_max_vcpus(RpcCall *call, GError **error);

/* capabilities.c */
gboolean on_connect_get_capabilities(RpcCall *call, GError **error);
gboolean on_connect_get_cpu_model_names(RpcCall *call, GError **error);
gboolean on_connect_compare_cpu(RpcCall *call, GError **error);
gboolean on_connect_compare_hypervisor_cpu(RpcCall *call, GError **error);
gboolean on_connect_baseline_cpu(RpcCall *call, GError **error);
gboolean on_connect_baseline_hypervisor_cpu(RpcCall *call, GError **error);
gboolean on_connect_get_domain_capabilities(RpcCall *call, GError **error);

/* domain/addresses.c */
gboolean on_domain_interface_addresses(RpcCall *call, GError **error);

/* domain/action.c */
gboolean on_domain_set_lifecycle_action(RpcCall *call, GError **error);

/* domain/block-info.c */
gboolean on_domain_block_stats(RpcCall *call, GError **error);
gboolean on_domain_block_stats_flags(RpcCall *call, GError **error);
gboolean on_domain_get_block_info(RpcCall *call, GError **error);
gboolean on_domain_block_peek(RpcCall *call, GError **error);
gboolean on_domain_block_resize(RpcCall *call, GError **error);
gboolean on_domain_get_disk_errors(RpcCall *call, GError **error);
gboolean on_domain_set_block_threshold(RpcCall *call, GError **error);

/* domain/block-job.c */
gboolean on_domain_get_block_job_info(RpcCall *call, GError **error);
gboolean on_domain_block_job_abort(RpcCall *call, GError **error);
gboolean on_domain_block_job_set_speed(RpcCall *call, GError **error);
gboolean on_domain_block_pull(RpcCall *call, GError **error);
gboolean on_domain_block_rebase(RpcCall *call, GError **error);
gboolean on_domain_block_copy(RpcCall *call, GError **error);
gboolean on_domain_block_commit(RpcCall *call, GError **error);

/* domain/block-tune.c */
gboolean on_domain_get_block_io_tune(RpcCall *call, GError **error);
gboolean on_domain_set_block_io_tune(RpcCall *call, GError **error);

/* domain/console.c */
gboolean on_domain_open_console(RpcCall *call, GError **error);
gboolean on_domain_open_channel(RpcCall *call, GError **error);

/* domain/hotplug.c */
gboolean on_domain_attach_device(RpcCall *call, GError **error);
gboolean on_domain_attach_device_flags(RpcCall *call, GError **error);
gboolean on_domain_detach_device(RpcCall *call, GError **error);
gboolean on_domain_detach_device_flags(RpcCall *call, GError **error);
gboolean on_domain_detach_device_alias(RpcCall *call, GError **error);
gboolean on_domain_update_device_flags(RpcCall *call, GError **error);

/* domain/vcpu-pin.c */
gboolean on_domain_get_vcpus(RpcCall *call, GError **error);
gboolean on_domain_pin_vcpu(RpcCall *call, GError **error);
gboolean on_domain_pin_vcpu_flags(RpcCall *call, GError **error);
gboolean on_domain_get_vcpu_pin_info(RpcCall *call, GError **error);

/* domain/define.c */
gboolean on_domain_define_xml(RpcCall *call, GError **error);
gboolean on_domain_define_xml_flags(RpcCall *call, GError **error);
gboolean on_domain_undefine(RpcCall *call, GError **error);
gboolean on_domain_undefine_flags(RpcCall *call, GError **error);
gboolean on_domain_set_autostart(RpcCall *call, GError **error);
gboolean on_domain_rename(RpcCall *call, GError **error);

/* domain/info.c */
gboolean on_domain_get_xml_desc(RpcCall *call, GError **error);
/* Which calls do not block (RpcProc.quick_if): nothing may be waited for, and the text is made, or
 * the domain does not run. */
gboolean domains_settled(const RpcCall *call);
gboolean domain_xml_is_made(const RpcCall *call);
gboolean domain_is_shutoff(const RpcCall *call);
gboolean on_domain_get_state(RpcCall *call, GError **error);
gboolean on_domain_get_info(RpcCall *call, GError **error);
gboolean on_domain_get_os_type(RpcCall *call, GError **error);
gboolean on_domain_is_active(RpcCall *call, GError **error);
gboolean on_domain_is_persistent(RpcCall *call, GError **error);
gboolean on_domain_is_updated(RpcCall *call, GError **error);
gboolean on_domain_get_autostart(RpcCall *call, GError **error);
gboolean on_domain_has_managed_save_image(RpcCall *call, GError **error);

/* domain/job.c */
gboolean on_domain_get_job_info(RpcCall *call, GError **error);
gboolean on_domain_get_job_stats(RpcCall *call, GError **error);
gboolean on_domain_get_messages(RpcCall *call, GError **error);

/* domain/lifecycle.c */
gboolean on_domain_suspend(RpcCall *call, GError **error);
gboolean on_domain_resume(RpcCall *call, GError **error);
gboolean on_domain_shutdown(RpcCall *call, GError **error);
gboolean on_domain_shutdown_flags(RpcCall *call, GError **error);
gboolean on_domain_reboot(RpcCall *call, GError **error);
gboolean on_domain_reset(RpcCall *call, GError **error);
gboolean on_domain_destroy(RpcCall *call, GError **error);
gboolean on_domain_destroy_flags(RpcCall *call, GError **error);

/* domain/lookup.c */
gboolean on_domain_lookup_by_id(RpcCall *call, GError **error);
gboolean on_domain_lookup_by_name(RpcCall *call, GError **error);
gboolean on_domain_lookup_by_uuid(RpcCall *call, GError **error);
gboolean on_connect_list_all_domains(RpcCall *call, GError **error);
gboolean domain_list_is_short(const RpcCall *call); /* RpcProc.quick_if */
gboolean on_connect_num_of_domains(RpcCall *call, GError **error);
gboolean on_connect_num_of_defined_domains(RpcCall *call, GError **error);
gboolean on_connect_list_domains(RpcCall *call, GError **error);
gboolean on_connect_list_defined_domains(RpcCall *call, GError **error);

/* domain/memory.c */
gboolean on_domain_get_max_memory(RpcCall *call, GError **error);
gboolean on_domain_set_memory(RpcCall *call, GError **error);
gboolean on_domain_set_memory_flags(RpcCall *call, GError **error);
gboolean on_domain_set_max_memory(RpcCall *call, GError **error);
gboolean on_domain_memory_stats(RpcCall *call, GError **error);

/* domain/metadata.c */
gboolean on_domain_get_metadata(RpcCall *call, GError **error);
gboolean on_domain_set_metadata(RpcCall *call, GError **error);

/* domain/native.c */
gboolean on_connect_domain_xml_from_native(RpcCall *call, GError **error);
gboolean on_connect_domain_xml_to_native(RpcCall *call, GError **error);

/* domain/start.c */
gboolean on_domain_create(RpcCall *call, GError **error);
gboolean on_domain_create_with_flags(RpcCall *call, GError **error);
gboolean on_domain_create_xml(RpcCall *call, GError **error);

/* domain/stats.c */
gboolean on_domain_interface_stats(RpcCall *call, GError **error);
gboolean on_domain_get_cpu_stats(RpcCall *call, GError **error);
gboolean on_connect_get_all_domain_stats(RpcCall *call, GError **error);

/* domain/vcpu.c */
gboolean on_domain_get_max_vcpus(RpcCall *call, GError **error);
gboolean on_domain_get_vcpus_flags(RpcCall *call, GError **error);
gboolean on_domain_set_vcpus(RpcCall *call, GError **error);
gboolean on_domain_set_vcpus_flags(RpcCall *call, GError **error);

/* domain/peripheral.c */
gboolean on_domain_screenshot(RpcCall *call, GError **error);
gboolean on_domain_send_key(RpcCall *call, GError **error);
gboolean on_domain_inject_nmi(RpcCall *call, GError **error);
gboolean on_domain_memory_peek(RpcCall *call, GError **error);
gboolean on_domain_fd_associate(RpcCall *call, GError **error);
gboolean on_domain_open_graphics(RpcCall *call, GError **error);
gboolean on_domain_open_graphics_fd(RpcCall *call, GError **error);
gboolean on_domain_monitor_command(RpcCall *call, GError **error);

/* nodedev/handlers-nodedev.c */
gboolean on_node_num_of_devices(RpcCall *call, GError **error);
gboolean on_node_list_devices(RpcCall *call, GError **error);
gboolean on_node_device_lookup_by_name(RpcCall *call, GError **error);
gboolean on_node_device_lookup_scsi_host(RpcCall *call, GError **error);
gboolean on_connect_list_all_node_devices(RpcCall *call, GError **error);
gboolean on_node_device_get_xml_desc(RpcCall *call, GError **error);
gboolean on_node_device_get_parent(RpcCall *call, GError **error);
gboolean on_node_device_num_of_caps(RpcCall *call, GError **error);
gboolean on_node_device_list_caps(RpcCall *call, GError **error);
gboolean on_node_device_is_active(RpcCall *call, GError **error);
gboolean on_node_device_is_persistent(RpcCall *call, GError **error);
gboolean on_node_device_get_autostart(RpcCall *call, GError **error);
gboolean on_node_device_dettach(RpcCall *call, GError **error);
gboolean on_node_device_detach_flags(RpcCall *call, GError **error);
gboolean on_node_device_re_attach(RpcCall *call, GError **error);
gboolean on_node_device_reset(RpcCall *call, GError **error);
gboolean on_node_device_create_xml(RpcCall *call, GError **error);
gboolean on_node_device_destroy(RpcCall *call, GError **error);
gboolean on_node_device_define_xml(RpcCall *call, GError **error);
gboolean on_node_device_undefine(RpcCall *call, GError **error);
gboolean on_node_device_create(RpcCall *call, GError **error);
gboolean on_node_device_set_autostart(RpcCall *call, GError **error);

/* interface/handlers-interface.c */
gboolean on_connect_num_of_interfaces(RpcCall *call, GError **error);
gboolean on_connect_list_interfaces(RpcCall *call, GError **error);
gboolean on_connect_num_of_defined_interfaces(RpcCall *call, GError **error);
gboolean on_connect_list_defined_interfaces(RpcCall *call, GError **error);
gboolean on_connect_list_all_interfaces(RpcCall *call, GError **error);
gboolean on_interface_lookup_by_name(RpcCall *call, GError **error);
gboolean on_interface_lookup_by_mac(RpcCall *call, GError **error);
gboolean on_interface_get_xml_desc(RpcCall *call, GError **error);
gboolean on_interface_is_active(RpcCall *call, GError **error);
gboolean on_interface_define_xml(RpcCall *call, GError **error);
gboolean on_interface_undefine(RpcCall *call, GError **error);
gboolean on_interface_create(RpcCall *call, GError **error);
gboolean on_interface_destroy(RpcCall *call, GError **error);
gboolean on_interface_change_begin(RpcCall *call, GError **error);
gboolean on_interface_change_commit(RpcCall *call, GError **error);
gboolean on_interface_change_rollback(RpcCall *call, GError **error);

/* network/handlers-network.c */
gboolean on_connect_list_all_networks(RpcCall *call, GError **error);
gboolean on_connect_num_of_networks(RpcCall *call, GError **error);
gboolean on_connect_num_of_defined_networks(RpcCall *call, GError **error);
gboolean on_connect_list_networks(RpcCall *call, GError **error);
gboolean on_connect_list_defined_networks(RpcCall *call, GError **error);
gboolean on_network_lookup_by_name(RpcCall *call, GError **error);
gboolean on_network_lookup_by_uuid(RpcCall *call, GError **error);
gboolean on_network_get_xml_desc(RpcCall *call, GError **error);
gboolean on_network_get_bridge_name(RpcCall *call, GError **error);
gboolean on_network_is_active(RpcCall *call, GError **error);
gboolean on_network_is_persistent(RpcCall *call, GError **error);
gboolean on_network_get_autostart(RpcCall *call, GError **error);
gboolean on_network_get_dhcp_leases(RpcCall *call, GError **error);
gboolean on_network_define_xml(RpcCall *call, GError **error);
gboolean on_network_define_xml_flags(RpcCall *call, GError **error);
gboolean on_network_create_xml(RpcCall *call, GError **error);
gboolean on_network_create_xml_flags(RpcCall *call, GError **error);
gboolean on_network_create(RpcCall *call, GError **error);
gboolean on_network_destroy(RpcCall *call, GError **error);
gboolean on_network_undefine(RpcCall *call, GError **error);
gboolean on_network_set_autostart(RpcCall *call, GError **error);
gboolean on_network_update(RpcCall *call, GError **error);

/* network/handlers-port.c */
gboolean on_network_list_all_ports(RpcCall *call, GError **error);
gboolean on_network_port_lookup_by_uuid(RpcCall *call, GError **error);
gboolean on_network_port_create_xml(RpcCall *call, GError **error);
gboolean on_network_port_get_xml_desc(RpcCall *call, GError **error);
gboolean on_network_port_delete(RpcCall *call, GError **error);
gboolean on_network_port_get_parameters(RpcCall *call, GError **error);
gboolean on_network_port_set_parameters(RpcCall *call, GError **error);

/* domain/save.c */
gboolean on_domain_save(RpcCall *call, GError **error);
gboolean on_domain_save_flags(RpcCall *call, GError **error);
gboolean on_domain_save_params(RpcCall *call, GError **error);
gboolean on_domain_restore(RpcCall *call, GError **error);
gboolean on_domain_restore_flags(RpcCall *call, GError **error);
gboolean on_domain_restore_params(RpcCall *call, GError **error);
gboolean on_domain_save_image_get_xml_desc(RpcCall *call, GError **error);
gboolean on_domain_save_image_define_xml(RpcCall *call, GError **error);
gboolean on_domain_managed_save(RpcCall *call, GError **error);
gboolean on_domain_managed_save_remove(RpcCall *call, GError **error);
gboolean on_domain_managed_save_get_xml_desc(RpcCall *call, GError **error);
gboolean on_domain_managed_save_define_xml(RpcCall *call, GError **error);

/* domain/dump.c */
gboolean on_domain_core_dump(RpcCall *call, GError **error);
gboolean on_domain_core_dump_with_format(RpcCall *call, GError **error);

/* domain/job.c, too */
gboolean on_domain_abort_job(RpcCall *call, GError **error);
gboolean on_domain_abort_job_flags(RpcCall *call, GError **error);
gboolean on_domain_get_control_info(RpcCall *call, GError **error);

/* domain/agent.c */
gboolean on_domain_agent_set_response_timeout(RpcCall *call, GError **error);
gboolean on_domain_agent_command(RpcCall *call, GError **error);
gboolean on_domain_fsfreeze(RpcCall *call, GError **error);
gboolean on_domain_fsthaw(RpcCall *call, GError **error);
gboolean on_domain_fstrim(RpcCall *call, GError **error);
gboolean on_domain_get_fsinfo(RpcCall *call, GError **error);
gboolean on_domain_get_time(RpcCall *call, GError **error);
gboolean on_domain_set_time(RpcCall *call, GError **error);
gboolean on_domain_set_user_password(RpcCall *call, GError **error);
gboolean on_domain_authorized_ssh_keys_get(RpcCall *call, GError **error);
gboolean on_domain_authorized_ssh_keys_set(RpcCall *call, GError **error);
gboolean on_domain_pm_suspend_for_duration(RpcCall *call, GError **error);
gboolean on_domain_pm_wakeup(RpcCall *call, GError **error);

/* domain/agent-info.c */
gboolean on_domain_get_hostname(RpcCall *call, GError **error);
gboolean on_domain_get_guest_vcpus(RpcCall *call, GError **error);
gboolean on_domain_set_guest_vcpus(RpcCall *call, GError **error);
gboolean on_domain_get_guest_info(RpcCall *call, GError **error);

/* sysinfo.c */
gboolean on_connect_get_sysinfo(RpcCall *call, GError **error);

/* domain/migrate-tune.c */
gboolean on_domain_migrate_get_max_downtime(RpcCall *call, GError **error);
gboolean on_domain_migrate_set_max_downtime(RpcCall *call, GError **error);
gboolean on_domain_migrate_get_max_speed(RpcCall *call, GError **error);
gboolean on_domain_migrate_set_max_speed(RpcCall *call, GError **error);
gboolean on_domain_migrate_get_compression_cache(RpcCall *call, GError **error);
gboolean on_domain_migrate_set_compression_cache(RpcCall *call, GError **error);

/* domain/security.c */
gboolean on_domain_set_vcpu(RpcCall *call, GError **error);
gboolean on_node_get_sev_info(RpcCall *call, GError **error);
gboolean on_domain_get_launch_security_info(RpcCall *call, GError **error);
gboolean on_domain_set_launch_security_state(RpcCall *call, GError **error);
gboolean on_domain_get_security_label(RpcCall *call, GError **error);
gboolean on_domain_get_security_label_list(RpcCall *call, GError **error);
gboolean on_node_get_security_model(RpcCall *call, GError **error);

/* domain/scheduler.c */
gboolean on_domain_get_scheduler_type(RpcCall *call, GError **error);
gboolean on_domain_get_scheduler_parameters(RpcCall *call, GError **error);
gboolean on_domain_get_scheduler_parameters_flags(RpcCall *call, GError **error);
gboolean on_domain_set_scheduler_parameters(RpcCall *call, GError **error);
gboolean on_domain_set_scheduler_parameters_flags(RpcCall *call, GError **error);

/* domain/tune-params.c */
gboolean on_domain_get_memory_parameters(RpcCall *call, GError **error);
gboolean on_domain_set_memory_parameters(RpcCall *call, GError **error);
gboolean on_domain_get_blkio_parameters(RpcCall *call, GError **error);
gboolean on_domain_set_blkio_parameters(RpcCall *call, GError **error);
gboolean on_domain_get_numa_parameters(RpcCall *call, GError **error);
gboolean on_domain_get_perf_events(RpcCall *call, GError **error);
gboolean on_domain_set_perf_events(RpcCall *call, GError **error);

/* domain/emulator-pin.c */
gboolean on_domain_pin_emulator(RpcCall *call, GError **error);
gboolean on_domain_get_emulator_pin_info(RpcCall *call, GError **error);

/* domain/checkpoint.c */
gboolean on_domain_checkpoint_create_xml(RpcCall *call, GError **error);
gboolean on_domain_checkpoint_get_xml_desc(RpcCall *call, GError **error);
gboolean on_domain_list_all_checkpoints(RpcCall *call, GError **error);
gboolean on_domain_checkpoint_list_all_children(RpcCall *call, GError **error);
gboolean on_domain_checkpoint_lookup_by_name(RpcCall *call, GError **error);
gboolean on_domain_checkpoint_get_parent(RpcCall *call, GError **error);
gboolean on_domain_checkpoint_delete(RpcCall *call, GError **error);

/* domain/backup.c */
gboolean on_domain_backup_begin(RpcCall *call, GError **error);
gboolean on_domain_backup_get_xml_desc(RpcCall *call, GError **error);

/* domain/snapshot.c */
gboolean on_domain_snapshot_create_xml(RpcCall *call, GError **error);
gboolean on_domain_revert_to_snapshot(RpcCall *call, GError **error);
gboolean on_domain_snapshot_delete(RpcCall *call, GError **error);

/* domain/snapshot-list.c */
gboolean on_domain_snapshot_get_xml_desc(RpcCall *call, GError **error);
gboolean on_domain_snapshot_num(RpcCall *call, GError **error);
gboolean on_domain_snapshot_list_names(RpcCall *call, GError **error);
gboolean on_domain_snapshot_lookup_by_name(RpcCall *call, GError **error);
gboolean on_domain_has_current_snapshot(RpcCall *call, GError **error);
gboolean on_domain_snapshot_current(RpcCall *call, GError **error);
gboolean on_domain_snapshot_get_parent(RpcCall *call, GError **error);
gboolean on_domain_snapshot_num_children(RpcCall *call, GError **error);
gboolean on_domain_snapshot_list_children_names(RpcCall *call, GError **error);
gboolean on_domain_snapshot_is_current(RpcCall *call, GError **error);
gboolean on_domain_snapshot_has_metadata(RpcCall *call, GError **error);
gboolean on_domain_list_all_snapshots(RpcCall *call, GError **error);
gboolean on_domain_snapshot_list_all_children(RpcCall *call, GError **error);

/* domain/balloon.c */
gboolean on_domain_set_memory_stats_period(RpcCall *call, GError **error);
gboolean on_domain_start_dirty_rate_calc(RpcCall *call, GError **error);

/* domain/iothread.c */
gboolean on_domain_get_iothread_info(RpcCall *call, GError **error);
gboolean on_domain_pin_iothread(RpcCall *call, GError **error);
gboolean on_domain_add_iothread(RpcCall *call, GError **error);
gboolean on_domain_del_iothread(RpcCall *call, GError **error);
gboolean on_domain_set_iothread_params(RpcCall *call, GError **error);

/* domain/interface-params.c */
gboolean on_domain_get_interface_parameters(RpcCall *call, GError **error);
gboolean on_domain_set_interface_parameters(RpcCall *call, GError **error);

/* node-memory.c */
gboolean on_node_get_free_pages(RpcCall *call, GError **error);
gboolean on_node_alloc_pages(RpcCall *call, GError **error);
gboolean on_node_get_memory_parameters(RpcCall *call, GError **error);
gboolean on_node_set_memory_parameters(RpcCall *call, GError **error);

/* domain/tune-params.c, too */
gboolean on_domain_set_numa_parameters(RpcCall *call, GError **error);

/* connect.c, too */
gboolean on_connect_set_identity(RpcCall *call, GError **error);

/* nwfilter/handlers-nwfilter.c */
gboolean on_nwfilter_lookup_by_uuid(RpcCall *call, GError **error);
gboolean on_nwfilter_lookup_by_name(RpcCall *call, GError **error);
gboolean on_connect_list_all_nwfilters(RpcCall *call, GError **error);
gboolean on_connect_num_of_nwfilters(RpcCall *call, GError **error);
gboolean on_connect_list_nwfilters(RpcCall *call, GError **error);
gboolean on_nwfilter_get_xml_desc(RpcCall *call, GError **error);
gboolean on_nwfilter_define_xml(RpcCall *call, GError **error);
gboolean on_nwfilter_define_xml_flags(RpcCall *call, GError **error);
gboolean on_nwfilter_undefine(RpcCall *call, GError **error);
gboolean on_connect_list_all_nwfilter_bindings(RpcCall *call, GError **error);
gboolean on_nwfilter_binding_lookup_by_port_dev(RpcCall *call, GError **error);
gboolean on_nwfilter_binding_get_xml_desc(RpcCall *call, GError **error);
gboolean on_nwfilter_binding_create_xml(RpcCall *call, GError **error);
gboolean on_nwfilter_binding_delete(RpcCall *call, GError **error);

/* secret/handlers-secret.c */
gboolean on_connect_num_of_secrets(RpcCall *call, GError **error);
gboolean on_connect_list_secrets(RpcCall *call, GError **error);
gboolean on_connect_list_all_secrets(RpcCall *call, GError **error);
gboolean on_secret_lookup_by_uuid(RpcCall *call, GError **error);
gboolean on_secret_lookup_by_usage(RpcCall *call, GError **error);
gboolean on_secret_define_xml(RpcCall *call, GError **error);
gboolean on_secret_get_xml_desc(RpcCall *call, GError **error);
gboolean on_secret_set_value(RpcCall *call, GError **error);
gboolean on_secret_get_value(RpcCall *call, GError **error);
gboolean on_secret_undefine(RpcCall *call, GError **error);

/* storage/handlers-pool.c */
gboolean on_pool_lookup_by_name(RpcCall *call, GError **error);
gboolean on_pool_lookup_by_uuid(RpcCall *call, GError **error);
gboolean on_pool_lookup_by_target_path(RpcCall *call, GError **error);
gboolean on_pool_lookup_by_volume(RpcCall *call, GError **error);
gboolean on_connect_list_all_pools(RpcCall *call, GError **error);
gboolean on_connect_num_of_pools(RpcCall *call, GError **error);
gboolean on_connect_num_of_defined_pools(RpcCall *call, GError **error);
gboolean on_connect_list_pools(RpcCall *call, GError **error);
gboolean on_connect_list_defined_pools(RpcCall *call, GError **error);
gboolean on_pool_get_xml_desc(RpcCall *call, GError **error);
gboolean on_pool_get_info(RpcCall *call, GError **error);
gboolean on_pool_is_active(RpcCall *call, GError **error);
gboolean on_pool_is_persistent(RpcCall *call, GError **error);
gboolean on_pool_get_autostart(RpcCall *call, GError **error);
gboolean on_pool_define_xml(RpcCall *call, GError **error);
gboolean on_pool_create_xml(RpcCall *call, GError **error);
gboolean on_pool_create(RpcCall *call, GError **error);
gboolean on_pool_build(RpcCall *call, GError **error);
gboolean on_pool_destroy(RpcCall *call, GError **error);
gboolean on_pool_delete(RpcCall *call, GError **error);
gboolean on_pool_undefine(RpcCall *call, GError **error);
gboolean on_pool_refresh(RpcCall *call, GError **error);
gboolean on_pool_set_autostart(RpcCall *call, GError **error);

/* storage/handlers-volume.c */
gboolean on_pool_list_all_volumes(RpcCall *call, GError **error);
gboolean on_pool_num_of_volumes(RpcCall *call, GError **error);
gboolean on_pool_list_volumes(RpcCall *call, GError **error);
gboolean on_vol_lookup_by_name(RpcCall *call, GError **error);
gboolean on_vol_lookup_by_path(RpcCall *call, GError **error);
gboolean on_vol_get_info(RpcCall *call, GError **error);
gboolean on_vol_get_info_flags(RpcCall *call, GError **error);
gboolean on_vol_get_xml_desc(RpcCall *call, GError **error);
gboolean on_vol_get_path(RpcCall *call, GError **error);
gboolean on_vol_create_xml(RpcCall *call, GError **error);
gboolean on_vol_create_xml_from(RpcCall *call, GError **error);
gboolean on_vol_delete(RpcCall *call, GError **error);
gboolean on_vol_resize(RpcCall *call, GError **error);
gboolean on_vol_wipe(RpcCall *call, GError **error);
gboolean on_vol_wipe_pattern(RpcCall *call, GError **error);
gboolean on_vol_upload(RpcCall *call, GError **error);
gboolean on_vol_download(RpcCall *call, GError **error);
gboolean on_connect_find_storage_pool_sources(RpcCall *call, GError **error);
gboolean on_connect_get_storage_pool_capabilities(RpcCall *call, GError **error);

G_END_DECLS
