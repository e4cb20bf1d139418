#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The power button of an HVM machine was pressed.
exec /sbin/poweroff
