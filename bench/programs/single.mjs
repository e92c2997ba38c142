// The contestant "one bare process": the app, and nothing else.
import { serve } from './serve.mjs';

serve();
