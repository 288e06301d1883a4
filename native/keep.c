#include "shim.h"

int keep(const char *run_directory, char **argv, char **environment, bool init) {
  (void)run_directory, (void)argv, (void)environment, (void)init;
  return 1;
}
