// A worker of the contestant "bare reusePort processes": has its own socket in the kernel's group.
import { serve } from './serve.mjs';

serve({ reusePort: true });
