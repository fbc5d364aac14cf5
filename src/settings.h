/*
 * settings.h
 *		The settings under which a bank's own query runs.
 */
#ifndef TIERING_SETTINGS_H
#define TIERING_SETTINGS_H

#include "utils/array.h"

extern int	SettingsPin(ArrayType *kept);
extern void SettingsPinOne(const char *name, const char *value);
extern void SettingsRestore(int nestlevel);

#endif							/* TIERING_SETTINGS_H */
