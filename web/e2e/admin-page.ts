// The admin page as a person sees it.
import { expect, type Locator, type Page } from '@playwright/test';

/** Taken by the rules of the server. */
export const PASSWORD = 'rain on tin roofs';
export const COOKIE = '__Host-cairn-refresh';

export class AdminPage {
  readonly signInForm: Locator;
  readonly who: Locator;
  readonly alert: Locator;

  constructor(readonly page: Page) {
    this.signInForm = page.getByRole('form', { name: 'Sign in' });
    this.who = page.locator('.who');
    this.alert = page.getByRole('alert').filter({ hasText: /./ });
  }

  async signIn(username: string, password = PASSWORD): Promise<void> {
    await this.signInForm.getByLabel('User name').fill(username);
    await this.signInForm.getByLabel('Password').fill(password);
    await this.signInForm.getByRole('button', { name: 'Sign in' }).click();
  }

  async isSignedInAs(username: string, role: string): Promise<void> {
    await expect(this.who).toHaveText(`${username} (${role})`);
  }

  async signOut(): Promise<void> {
    await this.page.getByRole('button', { name: 'Sign out' }).click();
    await expect(this.page.getByText('You are signed out.')).toBeVisible();
  }

  async open(section: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name: section }).click();
    await expect(this.page.getByRole('heading', { level: 2, name: section })).toBeVisible();
  }

  async changePassword(current: string, wanted: string): Promise<void> {
    const form = this.page.getByRole('form', { name: 'Change the password' });
    await form.getByLabel('Current password').fill(current);
    await form.getByLabel('New password').fill(wanted);
    await form.getByRole('button').click();
  }

  /** The cookie of the session as the browser keeps it; it holds a value on this host only. */
  async cookie(): Promise<{ httpOnly: boolean; secure: boolean; sameSite: string; path: string; value: string } | undefined> {
    const cookies = await this.page.context().cookies();
    return cookies.find(({ name }) => name === COOKIE);
  }
}
