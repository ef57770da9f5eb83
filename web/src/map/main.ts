// Entry of the map page.
import { start } from './start';

void start({ framed: false });
