// A worker of the contestant PM2, in its cluster mode.
import { serve } from './serve.mjs';

serve();
