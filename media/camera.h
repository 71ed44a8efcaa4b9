/* camera.h: V4L2 cameras that speak YUYV, 640×480. Owns: nothing.  Threads: the only one. */
#ifndef SOTTO_MEDIA_CAMERA_H
#define SOTTO_MEDIA_CAMERA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Runs in a process of its own: I420 into the pipe until that or the camera ends. */
void camera_watch(const char *path, int to_fd);
/* What a camera calls itself; false: it is none. */
bool camera_name(const char *path, char *out, size_t room);
/* Packed YUYV of PICTURE_WIDTH by PICTURE_HEIGHT into planes: every second row of chroma is left out. */
void camera_to_planes(const uint8_t *yuyv, size_t stride, uint8_t *out);

#endif
