/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For targets whose input may ask for files to be written or removed. */
#pragma once

/*
 * The calling process, which has one thread, sees the host read-only from now on, without its
 * devices and network; /tmp is empty and its own, the working folder stays (libFuzzer writes
 * there). Where that cannot be had it exits with 77: skipped.
 */
void sandbox_enter(void);
