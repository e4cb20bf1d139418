/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fd.h"
#include "kxl-save.h"

/* Writes the head of a new image to fd and leaves it where QEMU's part begins. */
gboolean kxl_save_image_write(KxlFd fd, KxlSaveImage *image, GError **error);
