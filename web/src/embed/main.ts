// Entry of the map for a frame of another site.
import { start } from '../map/start';

void start({ framed: true });
