#include "captioner/factory.h"
