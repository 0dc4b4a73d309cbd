#include "graph/archive.h"
